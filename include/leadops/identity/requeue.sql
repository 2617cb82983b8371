-- name: find_interval
select
    min(seq) as first_seq,
    max(seq) as last_seq
from cdp.events
where received_at >= %(start)s and received_at < %(stop)s
having count(*) > 0;

-- name: requeue_lost
insert into identity.inbox (event_seq, lane)
select
    events.seq,
    greatest(%(lane)s::smallint, events.is_history::integer)
from cdp.events as events
where
    events.received_at >= %(start)s and events.received_at < %(stop)s
    and not exists (select from identity.inbox as waiting where waiting.event_seq = events.seq)
    and not exists (select from identity.unresolved_events as nobodys where nobodys.event_seq = events.seq)
    and not exists (
        select from identity.resolved_events as resolved
        where resolved.event_seq = events.seq and resolved.event_seq between %(first_seq)s and %(last_seq)s
    )
on conflict do nothing;
