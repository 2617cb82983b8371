-- One call for help in the thread of each message that tells an open, escalated incident.
insert into alerts.messages (purpose, parent_id, created_at)
select distinct
    'escalation',
    messages.message_id,
    %(now)s::timestamptz
from alerts.incidents
inner join alerts.messages on incidents.message_id = messages.message_id
where
    incidents.state = 'open' and incidents.escalated_at is not null
    and messages.state = 'open' and messages.posted_at is not null
on conflict (parent_id, purpose) do nothing
