-- name: list_open_incidents
select
    incidents.incident_id,
    incidents.kind,
    incidents.subject,
    incidents.opened_at,
    incidents.resolved_at,
    incidents.escalated_at,
    incidents.acknowledged_at,
    incidents.facts,
    incidents.message_id,
    incidents.page_id,
    messages.channel,
    messages.message_ts
from incidents.incidents
left join alerts.messages on incidents.message_id = messages.message_id
where incidents.state = 'open'
order by incidents.opened_at, incidents.incident_id
limit %(max_rows)s::bigint;
