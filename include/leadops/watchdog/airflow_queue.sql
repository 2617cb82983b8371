-- name: limit_statements
select set_config('statement_timeout', %(duration)s, false);

-- name: read_queue
-- Airflow's own tables. The numbers of runs only grow, whatever the clock says.
select
    (
        select t.id::text from task_instance as t
        where t.state = 'queued'
        order by t.queued_dttm, t.id
        limit 1
    ) as oldest_id,
    (select count(*) from task_instance as t where t.state = 'queued') as queued,
    exists(
        select from task_instance as t
        where
            t.state = 'running' and t.dag_id = any(%(dags)s::text[])
            and t.last_heartbeat_at > now() - make_interval(secs => %(alive_seconds)s::double precision)
    ) as is_running,
    (
        select count(*) from dag as d
        where d.dag_id = any(%(dags)s::text[]) and not d.is_paused
    ) as active_dags,
    (
        select coalesce(sum(r.newest), 0)::bigint
        from (
            select max(d.id) as newest from dag_run as d
            where d.dag_id = any(%(dags)s::text[]) and d.state in ('success', 'failed')
            group by d.dag_id
        ) as r
    ) as finished;
