insert into scoring.inbox (lead_id, lane)
select distinct
    resolved.lead_id,
    1
from cdp.events as events
inner join identity.resolved_events as resolved on events.seq = resolved.event_seq
where
    events.received_at >= %(start)s and events.received_at < %(stop)s
    and resolved.event_seq between %(first_seq)s and %(last_seq)s
