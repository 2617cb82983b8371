-- name: record_heartbeat
insert into incidents.heartbeats as known (name, succeeded_at)
values (%(name)s, %(now)s)
on conflict (name) do update
    set succeeded_at = greatest(known.succeeded_at, excluded.succeeded_at);

-- name: find_heartbeat
select succeeded_at from incidents.heartbeats
where name = %(name)s;

-- name: count_heartbeats
select count(*) from incidents.heartbeats
where name = any(%(names)s) and succeeded_at >= %(since)s;
