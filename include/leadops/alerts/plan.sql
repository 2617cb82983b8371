-- name: lock_digest
-- The lock keeps another process from closing the digest at the moment when it takes in a new incident.
select message_id
from alerts.messages
where
    purpose = 'digest' and digest_group = %(digest_group)s and state = 'open'
    and created_at > %(since)s
order by message_id desc
limit 1
for update;

-- name: insert_message
insert into alerts.messages (purpose, digest_group, created_at)
values (%(purpose)s, %(digest_group)s, %(now)s)
returning message_id;

-- name: insert_escalations
-- One escalation in the thread of each message about an open, escalated incident.
insert into alerts.messages (purpose, parent_id, created_at)
select distinct
    'escalation',
    messages.message_id,
    %(now)s::timestamptz
from incidents.incidents
inner join alerts.messages on incidents.message_id = messages.message_id
where
    incidents.state = 'open' and incidents.escalated_at is not null
    and messages.state = 'open' and messages.posted_at is not null
on conflict (parent_id, purpose) do nothing;
