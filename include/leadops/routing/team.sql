-- name: list_reps
select
    rep_id,
    profile
from crm.reps
order by rep_id;

-- name: record_unprofiled
-- Nothing is written where nothing has changed.
with gone as (
    delete from routing.unprofiled_reps
    where rep_id <> all(%(rep_ids)s::text[])
)

insert into routing.unprofiled_reps (rep_id, since)
select
    rep_id,
    %(now)s::timestamptz
from unnest(%(rep_ids)s::text[]) as unprofiled (rep_id)
on conflict (rep_id) do nothing;
