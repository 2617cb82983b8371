-- name: list_message_incidents
select
    incident_id,
    kind,
    subject,
    opened_at,
    resolved_at,
    escalated_at,
    acknowledged_at,
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
    acknowledged_at,
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
    acknowledged_at,
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

-- name: list_paged
select
    incident_id,
    kind,
    subject,
    opened_at,
    resolved_at,
    escalated_at,
    acknowledged_at,
    facts,
    page_id
from incidents.incidents
where page_id = any(%(page_ids)s::bigint[])
order by page_id, opened_at, incident_id;

-- name: list_unpaged
-- Only open ones: nobody is called for what is over.
select
    incident_id,
    kind,
    subject,
    opened_at,
    resolved_at,
    escalated_at,
    acknowledged_at,
    facts
from incidents.incidents
where state = 'open' and page_id is null and kind = any(%(kinds)s::text[])
order by opened_at, incident_id;

-- name: assign_page
-- What only PagerDuty gets is kept out of Slack.
update incidents.incidents
set
    page_id = %(page_id)s,
    is_suppressed = is_suppressed or (message_id is null and kind = any(%(only_paged)s::text[]))
where incident_id = any(%(incidents)s::bigint[]);

-- name: acknowledge
update incidents.incidents
set acknowledged_at = %(now)s
where incident_id = %(incident_id)s and state = 'open' and acknowledged_at is null;
