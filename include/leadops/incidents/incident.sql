-- name: read_incidents
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
    incidents.page_id
from unnest(%(incident_ids)s::bigint[]) with ordinality as chosen (incident_id, place)
inner join incidents.incidents as incidents on chosen.incident_id = incidents.incident_id
order by chosen.place;

-- name: list_announced
select incident_id
from incidents.incidents
where message_id = any(%(message_ids)s::bigint[])
order by message_id, opened_at, incident_id;

-- name: list_unannounced
select incident_id
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
select incident_id
from incidents.incidents
where page_id = any(%(page_ids)s::bigint[])
order by page_id, opened_at, incident_id;

-- name: list_unpaged
-- Only open ones: nobody is called for what is over.
select incident_id
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

-- name: clear_facts
with cleared as (
    update incidents.incidents
    set facts = regexp_replace(facts::text, %(pattern)s::text, '[erased]', 'gi')::jsonb
    where facts::text ~* %(pattern)s::text
    returning message_id
)

select distinct message_id
from cleared
where message_id is not null
order by message_id;
