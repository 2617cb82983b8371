-- name: forget_anonymous_events
-- Sequence numbers follow arrival, so the last old event bounds what is looked at.
with last_old as (
    select events.seq
    from cdp.events as events
    where events.received_at < %(before)s
    order by events.received_at desc
    limit 1
),

old_events as (
    select waiting.event_seq
    from identity.unresolved_events as waiting
    inner join cdp.events as events on waiting.event_seq = events.seq
    where
        waiting.event_seq <= (select last_old.seq from last_old)
        and events.received_at < %(before)s
        and not exists (
            select from identity.claims
            where claims.event_seq = waiting.event_seq and claims.lead_id is not null
        )
    order by waiting.event_seq
    limit %(max_rows)s
)

delete from identity.unresolved_events
using old_events
where unresolved_events.event_seq = old_events.event_seq
returning unresolved_events.event_seq;

-- name: forget_claims
delete from identity.claims
where event_seq = any(%(seqs)s::bigint[]);

-- name: forget_late_events
delete from identity.late_events
where event_seq = any(%(seqs)s::bigint[]);
