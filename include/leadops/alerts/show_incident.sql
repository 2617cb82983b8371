select
    incidents.incident_id,
    incidents.kind,
    incidents.subject,
    incidents.state,
    incidents.opened_at,
    incidents.seen_at,
    incidents.clear_since,
    incidents.escalated_at,
    incidents.resolved_at,
    incidents.facts,
    messages.purpose as told_by,
    messages.posted_at,
    messages.channel,
    messages.message_ts,
    messages.told_at
from alerts.incidents
left join alerts.messages on incidents.message_id = messages.message_id
where incidents.incident_id = %(incident_id)s
