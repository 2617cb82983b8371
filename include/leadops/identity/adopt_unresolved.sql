-- Earlier events that were nobody's, and have an identifier that the last round linked: they join the chunk.
with found as (
    select
        waiting.event_seq,
        linked.lead_id,
        linked.kind
    from linked
    inner join identity.unresolved_events as waiting on linked.value = waiting.user_id
    where linked.kind = 'user_id' and linked.made_in = %(round)s - 1
    union all
    select
        waiting.event_seq,
        linked.lead_id,
        linked.kind
    from linked
    inner join identity.unresolved_events as waiting on linked.value = waiting.anonymous_id
    where linked.kind = 'anonymous_id' and linked.made_in = %(round)s - 1
),

best as (
    select distinct on (event_seq)
        event_seq,
        lead_id
    from found
    order by event_seq asc, kind desc
),

moved as (
    delete from identity.unresolved_events as waiting
    using best
    where waiting.event_seq = best.event_seq
    returning waiting.event_seq, waiting.user_id, waiting.anonymous_id, best.lead_id
)

insert into chunk (event_seq, user_id, anonymous_id, tells_traits, lead_id, found_in)
select
    moved.event_seq,
    moved.user_id,
    moved.anonymous_id,
    events.event = any(%(trait_events)s::text[]),
    moved.lead_id,
    %(round)s
from moved
inner join cdp.events as events on moved.event_seq = events.seq
