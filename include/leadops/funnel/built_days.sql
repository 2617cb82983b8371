-- name: take_moments
with taken as (
    delete from analytics.inbox
    returning moment, noted_at
)

select
    moment,
    min(noted_at) as noted_at
from taken
group by moment;

-- name: mark_touched
-- A built day that was touched is built again; of the built days that look back on it, only the figures.
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
    where excluded.scope = 'counts' and dirty_days.scope <> 'counts';

-- name: mark_stale
-- Days that were built with other settings, or before they were over.
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
    where dirty_days.scope <> 'counts';

-- name: open_spells
-- From when on a day is to be built again: since the first touch, or since the settings are found to be others.
with touched as (
    select *
    from unnest(%(days)s::date[], %(noted_at)s::timestamptz[]) as touched (dt, noted_at)
)

insert into analytics.stale_spells (dt, known_from)
select
    dirty.dt,
    least(touched.noted_at, %(now)s)
from analytics.dirty_days as dirty
left join touched on dirty.dt = touched.dt
where
    dirty.scope = 'counts'
    and not exists (
        select from analytics.stale_spells as spells
        where spells.dt = dirty.dt and spells.known_until = 'infinity'
    );

-- name: list_dirty_days
select
    dt,
    scope
from analytics.dirty_days
order by scope, dt;

-- name: has_counts_waiting
select exists(
    select from analytics.dirty_days
    where dt = %(dt)s and scope = 'counts'
) as has_counts_waiting;

-- name: count_dirty_days
select count(*) as dirty_days from analytics.dirty_days;

-- name: mark_clean
delete from analytics.dirty_days where dt = %(dt)s;

-- name: close_spells
update analytics.stale_spells
set known_until = greatest(known_from, %(known_from)s)
where dt = %(dt)s and known_until = 'infinity';

-- name: find_known_from
-- Since when what is built now is known: builds of a day follow one another, whatever their clocks say.
select greatest(%(now)s, max(known_from)) as known_from
from analytics.builds
where dt = %(dt)s;

-- name: record_build
insert into analytics.builds (dt, known_from, starts_at, ends_at, settings)
values (%(dt)s, %(known_from)s, %(start)s, %(until)s, %(settings)s)
on conflict (dt, known_from) do update
    set
        starts_at = excluded.starts_at,
        ends_at = excluded.ends_at,
        settings = excluded.settings;

-- name: mark_built
insert into analytics.built_days (dt, starts_at, ends_at, settings, built_at)
values (%(dt)s, %(start)s, %(until)s, %(settings)s, %(now)s)
on conflict (dt) do update
    set
        starts_at = excluded.starts_at,
        ends_at = excluded.ends_at,
        settings = excluded.settings,
        built_at = excluded.built_at,
        is_checked = false;

-- name: read_built_days
-- A day is stale if its counts were touched since it was built, whether a run has taken that from the inbox or not.
-- Many touches have the same moment.
with touched as materialized (
    select distinct moment from analytics.inbox
)

select
    built.dt,
    dirty.dt is not null or exists (
        select from touched
        where touched.moment >= built.starts_at and touched.moment < built.ends_at
    ) as is_stale
from analytics.built_days as built
left join analytics.dirty_days as dirty on built.dt = dirty.dt and dirty.scope = 'counts'
where built.dt between %(first)s and %(last)s
order by built.dt;

-- name: read_builds
-- The same, as it stood just before a moment.
with built as (
    select distinct on (dt)
        dt,
        starts_at,
        ends_at
    from analytics.builds
    where dt between %(first)s and %(last)s and known_from < %(moment)s
    order by dt asc, known_from desc
),

touched as materialized (
    select distinct moment from analytics.inbox
    where noted_at < %(moment)s
)

select
    built.dt,
    exists (
        select from analytics.stale_spells as spells
        where spells.dt = built.dt and spells.known_from < %(moment)s and spells.known_until >= %(moment)s
    ) or exists (
        select from touched
        where touched.moment >= built.starts_at and touched.moment < built.ends_at
    ) as is_stale
from built
order by built.dt;

-- name: find_first_build
select min(known_from) as known_from from analytics.builds;

-- name: list_unchecked_days
select dt
from analytics.built_days
where not is_checked
order by dt;

-- name: mark_checked
update analytics.built_days
set is_checked = true
where dt = %(dt)s;
