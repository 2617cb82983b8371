-- A day is stale when what is counted was touched since it was built, noted by a run or not yet.
select
    built.dt,
    dirty.dt is not null or exists (
        select from analytics.inbox
        where inbox.moment >= built.starts_at and inbox.moment < built.ends_at
    ) as is_stale
from analytics.built_days as built
left join analytics.dirty_days as dirty on built.dt = dirty.dt and dirty.scope = 'counts'
where built.dt between %(first)s and %(last)s
order by built.dt
