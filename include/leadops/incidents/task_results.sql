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
