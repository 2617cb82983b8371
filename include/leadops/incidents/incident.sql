-- name: list_message_incidents
select
    incident_id,
    kind,
    subject,
    opened_at,
    resolved_at,
    escalated_at,
    facts
from incidents.incidents
where message_id = %(message_id)s
order by opened_at, incident_id;

-- name: list_announced
select
    incident_id,
    kind,
    subject,
    opened_at,
    resolved_at,
    escalated_at,
    facts,
    message_id
from incidents.incidents
where message_id = any(%(message_ids)s::bigint[])
order by message_id, opened_at, incident_id;

-- name: list_unannounced
select
    incident_id,
    kind,
    subject,
    opened_at,
    resolved_at,
    escalated_at,
    facts
from incidents.incidents
where message_id is null and not is_suppressed
order by opened_at, incident_id;

-- name: count_open_of_kinds
select count(*) from incidents.incidents
where state = 'open' and kind = any(%(kinds)s::text[]);

-- name: suppress
update incidents.incidents
set is_suppressed = true, message_id = null
where incident_id = any(%(incidents)s::bigint[]);

-- name: assign_message
update incidents.incidents
set message_id = %(message_id)s
where incident_id = any(%(incidents)s::bigint[]);
