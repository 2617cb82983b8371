-- name: listen
listen leadops_events;

-- name: notify_outbox
notify leadops_outbox;

-- name: find_waiting_work
select
    exists(select from scoring.inbox where lane = %(lane)s) as has_leads,
    exists(select from routing.inbox) as has_cycles,
    oldest.event_seq is not null as has_events,
    (select events.received_at from cdp.events as events where events.seq = oldest.event_seq) as oldest_at
from (select min(event_seq) as event_seq from identity.inbox) as oldest;
