with clean as (
    delete from analytics.dirty_days
    where dt = %(dt)s
)

insert into analytics.built_days (dt, starts_at, ends_at, settings, built_at)
values (%(dt)s, %(start)s, %(until)s, %(settings)s, %(now)s)
on conflict (dt) do update
    set
        starts_at = excluded.starts_at,
        ends_at = excluded.ends_at,
        settings = excluded.settings,
        built_at = excluded.built_at,
        is_gated = false
