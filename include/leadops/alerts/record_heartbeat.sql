insert into alerts.heartbeats as known (name, succeeded_at)
values (%(name)s, %(now)s)
on conflict (name) do update
    set succeeded_at = greatest(known.succeeded_at, excluded.succeeded_at)
