-- Built by other settings, or before they were over.
insert into analytics.dirty_days (dt, scope, since)
select
    dt,
    'counts',
    %(now)s
from analytics.built_days
where
    settings < %(settings)s
    or settings > %(settings)s
    or (built_at < ends_at and ends_at <= %(now)s)
on conflict (dt) do update
    set scope = 'counts'
    where dirty_days.scope <> 'counts'
