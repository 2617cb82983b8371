-- name: list_open_incidents
select
    incidents.incident_id,
    incidents.kind,
    incidents.subject,
    incidents.opened_at
from incidents.incidents
where incidents.state = 'open'
order by incidents.opened_at, incidents.incident_id
limit 100;
