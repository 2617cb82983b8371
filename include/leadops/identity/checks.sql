-- name: count_violations
with open_ones as (
    select
        guard,
        kind,
        value,
        seen_at
    from identity.violations
    where settled_at is null or settled_at < seen_at
),

involved as (
    select
        open_ones.guard,
        sightings.lead_id
    from open_ones
    inner join identity.sightings as sightings
        on open_ones.kind = sightings.kind and open_ones.value = sightings.value
    where open_ones.guard = 'emails'
    union
    select
        guard,
        value::bigint as lead_id
    from open_ones
    where guard in ('identifiers', 'merges')
)

select
    guard,
    count(*) as violations,
    min(seen_at) as first_at,
    array_agg(distinct kind order by kind) as kinds,
    array(
        select involved.lead_id from involved
        where involved.guard = open_ones.guard
        order by involved.lead_id
        limit 5
    ) as lead_ids
from open_ones
group by guard;
