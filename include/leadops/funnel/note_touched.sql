-- A built day that was touched is counted again; the figures of the built days that look back on it are worked out
-- again.
with touched as (
    select unnest(%(days)s::date[]) as dt
),

wanted as (
    select
        built.dt,
        'counts' as scope
    from touched
    inner join analytics.built_days as built on touched.dt = built.dt
    union all
    select
        built.dt,
        'figures' as scope
    from touched
    inner join analytics.built_days as built
        on touched.dt < built.dt and touched.dt + %(looks_back)s::integer > built.dt
)

insert into analytics.dirty_days (dt, scope, since)
select
    dt,
    min(scope),
    %(now)s
from wanted
group by dt
on conflict (dt) do update
    set scope = 'counts'
    where excluded.scope = 'counts' and dirty_days.scope <> 'counts'
