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
