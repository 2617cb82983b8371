-- name: list_names
select
    rep_id,
    profile ->> 'name' as name
from crm.reps
where rep_id = any(%(rep_ids)s::text[]) and profile ->> 'name' <> '';
