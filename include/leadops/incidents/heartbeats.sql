-- name: record_heartbeat
insert into incidents.heartbeats as known (name, succeeded_at)
values (%(name)s, %(now)s)
on conflict (name) do update
    set
        succeeded_at = greatest(known.succeeded_at, excluded.succeeded_at),
        beats = known.beats + 1;

-- name: find_heartbeat
select succeeded_at from incidents.heartbeats
where name = %(name)s;

-- name: list_heartbeats
select
    name,
    succeeded_at
from incidents.heartbeats
where split_part(name, '.', 1) = any(%(dags)s::text[])
order by name;

-- name: count_heartbeats
select count(*) from incidents.heartbeats
where name = any(%(names)s) and succeeded_at >= %(since)s;

-- name: read_minute_marks
-- Any change of a number is progress: a task succeeded, or failed after its last try.
select
    (
        select coalesce(sum(h.beats), 0)::bigint
        from incidents.heartbeats as h
        where split_part(h.name, '.', 1) = any(%(dags)s::text[])
    ) + (
        select coalesce(sum((i.facts ->> 'times')::bigint), 0)::bigint
        from incidents.incidents as i
        where i.state = 'open' and i.kind = 'dag_failed' and i.subject = any(%(dags)s::text[])
    ) as finished,
    (
        select max(h.succeeded_at)
        from incidents.heartbeats as h
        where split_part(h.name, '.', 1) = any(%(dags)s::text[])
    ) as last_at,
    (
        select coalesce(sum(h.beats), 0)::bigint
        from incidents.heartbeats as h
        where h.name = %(alerts_dag)s::text
    ) as alert_rounds;
