-- The identifiers of the events found in this round point to the event's lead, where nobody has them;
-- of two events that claim one identifier, the earlier accepted has it.
with claims as (
    select
        'user_id' as kind,
        user_id as value,
        lead_id,
        event_seq
    from chunk
    where found_in = %(round)s and lead_id is not null and user_id is not null
    union all
    select
        'anonymous_id',
        anonymous_id,
        lead_id,
        event_seq
    from chunk
    where found_in = %(round)s and lead_id is not null and anonymous_id is not null
),

firsts as (
    select distinct on (claims.kind, claims.value)
        claims.kind,
        claims.value,
        claims.lead_id,
        claims.event_seq
    from claims
    left join identity.aliases as known on claims.kind = known.kind and claims.value = known.value
    where known.kind is null
    order by claims.kind asc, claims.value asc, claims.event_seq asc
),

made as (
    insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
    select
        kind,
        value,
        lead_id,
        event_seq,
        %(now)s
    from firsts
    returning kind, value, lead_id
)

insert into linked (kind, value, lead_id, made_in)
select
    kind,
    value,
    lead_id,
    %(round)s
from made
