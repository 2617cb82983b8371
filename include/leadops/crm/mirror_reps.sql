with present as (
    select * from unnest(%(ids)s::text[], %(profiles)s::jsonb[]) as rep (rep_id, profile)
),

gone as (
    delete from crm.reps
    where not exists (select 1 from present where present.rep_id = reps.rep_id)
)

insert into crm.reps (rep_id, profile, updated_at)
select
    rep_id,
    profile,
    %(now)s::timestamptz
from present
on conflict (rep_id) do update
    set profile = excluded.profile, updated_at = excluded.updated_at
    where reps.profile is distinct from excluded.profile
