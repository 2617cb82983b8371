-- name: list_message_incidents
select
    incident_id,
    kind,
    subject,
    opened_at,
    resolved_at,
    escalated_at,
    facts
from alerts.incidents
where message_id = %(message_id)s
order by opened_at, incident_id;

-- name: list_unannounced
select
    incident_id,
    kind,
    subject,
    opened_at,
    resolved_at,
    escalated_at,
    facts
from alerts.incidents
where message_id is null and not is_suppressed
order by opened_at, incident_id;
