-- name: list_reps
select
    rep_id,
    profile
from crm.reps
order by rep_id;
