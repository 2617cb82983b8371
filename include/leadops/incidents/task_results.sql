-- name: record_result
insert into incidents.task_results (
    dag_id, run_id, task_id, try_number, run_type, run_started_at, finished_at, counts
)
values (
    %(dag_id)s, %(run_id)s, %(task_id)s, %(try_number)s, %(run_type)s, %(run_started_at)s, %(finished_at)s, %(counts)s
)
on conflict (dag_id, run_id, task_id, try_number) do update
    set
        run_started_at = excluded.run_started_at,
        finished_at = excluded.finished_at,
        counts = excluded.counts;

-- name: list_recent_runs
-- Run by run along the index: a DAG of every minute has many thousands of rows. A run that was cleared began twice.
with recursive runs as (
    (
        select
            run_started_at,
            run_id,
            1 as place
        from incidents.task_results
        where dag_id = %(dag_id)s
        order by run_started_at desc, run_id desc
        limit 1
    )
    union all
    select
        earlier.run_started_at,
        earlier.run_id,
        runs.place + 1
    from runs
    cross join
        lateral (
            select
                results.run_started_at,
                results.run_id
            from incidents.task_results as results
            where
                results.dag_id = %(dag_id)s
                and (results.run_started_at, results.run_id) < (runs.run_started_at, runs.run_id)
            order by results.run_started_at desc, results.run_id desc
            limit 1
        ) as earlier
    where runs.place < %(max_runs)s
)

select run_id
from runs
order by place;

-- name: list_results
-- The run that began last comes first; its tasks in the order in which they ended.
select
    run_id,
    run_type,
    run_started_at,
    task_id,
    try_number,
    finished_at,
    counts
from incidents.task_results
where dag_id = %(dag_id)s and run_id = any(%(run_ids)s::text[])
order by max(run_started_at) over (partition by run_id) desc, run_id desc, finished_at asc, task_id asc, try_number asc;

-- name: record_heartbeat
insert into incidents.heartbeats as known (name, succeeded_at)
values (%(name)s, %(now)s)
on conflict (name) do update
    set
        succeeded_at = greatest(known.succeeded_at, excluded.succeeded_at),
        beats = known.beats + 1;

-- name: forget_heartbeats
-- Those of tasks that the DAG no longer waits for, such as a shard that is gone.
delete from incidents.heartbeats
where split_part(name, '.', 1) = %(dag)s::text and name <> all(%(kept)s::text[]);

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

-- name: list_recovered_dags
-- Open incidents of DAGs that have succeeded since their last failure.
select
    incidents.kind,
    incidents.subject,
    heartbeats.succeeded_at
from incidents.incidents
inner join incidents.heartbeats on incidents.subject = heartbeats.name
where
    incidents.state = 'open' and incidents.kind = any(%(kinds)s)
    and heartbeats.succeeded_at > incidents.seen_at;

-- name: list_stopped_dags
-- A DAG that failed or ran late has an incident of that kind, and so has a standstill of all: one problem, one message.
select
    heartbeats.name as dag_id,
    heartbeats.succeeded_at as last_at,
    watched.minutes as "limit"
from unnest(%(dags)s::text[], %(limits)s::double precision[]) as watched (dag_id, minutes)
inner join incidents.heartbeats on watched.dag_id = heartbeats.name
where
    heartbeats.succeeded_at < %(now)s::timestamptz - make_interval(secs => 60 * watched.minutes)
    and not exists (
        select from incidents.incidents
        where
            incidents.state = 'open'
            and (
                incidents.kind = 'tasks_stopped'
                or (
                    incidents.kind in ('dag_failed', 'run_missed_deadline')
                    and incidents.subject = watched.dag_id
                )
            )
    )
order by watched.dag_id;

-- name: list_recovered_tasks
-- The open standstill of all tasks, once a task of every minute has succeeded after the watchdog last saw it.
select
    incidents.subject,
    max(heartbeats.succeeded_at) as succeeded_at
from incidents.incidents
inner join incidents.heartbeats on incidents.seen_at < heartbeats.succeeded_at
where
    incidents.state = 'open' and incidents.kind = 'tasks_stopped'
    and split_part(heartbeats.name, '.', 1) = any(%(dags)s::text[])
group by incidents.subject;
