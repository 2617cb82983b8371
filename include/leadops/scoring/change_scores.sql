with sums as (
    select
        lead_id,
        coalesce(sum(points) filter (where dimension = 'fit'), 0) as fit,
        coalesce(sum(points) filter (where dimension = 'behaviour'), 0) as behaviour
    from differences
    group by lead_id
)

insert into scoring.scores (lead_id, fit, behaviour, updated_at)
select
    lead_id,
    fit,
    behaviour,
    %(now)s
from sums
on conflict (lead_id) do update
    set
        fit = scores.fit + excluded.fit,
        behaviour = scores.behaviour + excluded.behaviour,
        updated_at = excluded.updated_at
