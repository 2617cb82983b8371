-- Earlier events that were nobody's, and have an identifier that was linked by now: they join the chunk. An event
-- with several has them all from one lead, for they were tied together when it came; and by one event, whose lane
-- they take.
with found as (
    select
        waiting.event_seq,
        linked.lead_id,
        linked.event_seq as linking_seq
    from linked
    inner join identity.unresolved_events as waiting on linked.value = waiting.enrichment_id
    where linked.kind = 'enrichment_id'
    union
    select
        waiting.event_seq,
        linked.lead_id,
        linked.event_seq as linking_seq
    from linked
    inner join identity.unresolved_events as waiting on linked.value = waiting.user_id
    where linked.kind = 'user_id'
    union
    select
        waiting.event_seq,
        linked.lead_id,
        linked.event_seq as linking_seq
    from linked
    inner join identity.unresolved_events as waiting on linked.value = waiting.anonymous_id
    where linked.kind = 'anonymous_id'
),

moved as (
    delete from identity.unresolved_events as waiting
    using found
    where waiting.event_seq = found.event_seq
    returning waiting.event_seq, found.lead_id, found.linking_seq
)

insert into chunk (event_seq, tells_traits, is_link, lead_id, lane)
select
    moved.event_seq,
    events.event = any(%(trait_events)s::text[]),
    false,
    moved.lead_id,
    coalesce(linking.lane, 0)
from moved
inner join cdp.events as events on moved.event_seq = events.seq
left join chunk as linking on moved.linking_seq = linking.event_seq
