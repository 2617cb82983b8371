-- name: list_visit_ids
select
    event_id,
    form_key
from canary.visits
where visitor_id = %(visitor_id)s
order by visit_id;
