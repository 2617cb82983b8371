-- name: insert_runs
insert into dag_run
(
    dag_id, run_id, run_type, state, queued_at, logical_date, start_date, end_date, run_after, data_interval_start,
    data_interval_end, last_scheduling_decision, created_at, updated_at, clear_number, conf, log_template_id,
    created_dag_version_id, triggered_by
)
select
    dags.dag_id,
    'scheduled__' || to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS') || '+00:00',
    'scheduled',
    'success',
    moment,
    moment,
    moment,
    moment + interval '8 seconds',
    moment,
    moment - dags.minutes * interval '1 minute',
    moment,
    moment,
    moment,
    moment,
    0,
    '{}',
    (select max(id) from log_template),
    versions.id,
    'TIMETABLE'
from (
    select distinct
        dag_id,
        minutes
    from jsonb_to_recordset(%(tasks)s) as tasks (dag_id text, minutes integer)
) as dags
inner join dag_version as versions on dags.dag_id = versions.dag_id
cross join generate_series(
    %(until)s::timestamptz - interval '1 day' + dags.minutes * interval '1 minute',
    %(until)s::timestamptz,
    dags.minutes * interval '1 minute'
) as moment;

-- name: insert_tasks
insert into task_instance
(
    id, task_id, dag_id, run_id, map_index, start_date, end_date, duration, state, try_number, max_tries, hostname,
    unixname, pool, pool_slots, queue, priority_weight, operator, custom_operator_name, queued_dttm, scheduled_dttm,
    pid, executor_config, updated_at, context_carrier, task_display_name, dag_version_id, last_heartbeat_at
)
select
    gen_random_uuid(),
    tasks.task_id,
    runs.dag_id,
    runs.run_id,
    -1,
    runs.start_date,
    runs.end_date,
    1.2,
    'success',
    1,
    1,
    'worker-1.example.com',
    'airflow',
    'leadops',
    1,
    'default',
    1,
    '_PythonDecoratedOperator',
    '@task',
    runs.start_date,
    runs.start_date,
    12345,
    '\x80047d942e',
    runs.end_date,
    '{"__var": {}, "__type": "dict"}',
    tasks.task_id,
    runs.created_dag_version_id,
    runs.end_date
from jsonb_to_recordset(%(tasks)s) as tasks (dag_id text, task_id text)
inner join dag_run as runs on tasks.dag_id = runs.dag_id
where runs.run_after > %(until)s::timestamptz - interval '1 day' and runs.run_after <= %(until)s;

-- name: insert_xcoms
insert into xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)
select
    runs.id,
    tasks.task_id,
    -1,
    'return_value',
    runs.dag_id,
    runs.run_id,
    '{"events": 0, "new_leads": 0, "waiting": 0, "leads_touched": 0, "merges": 0}',
    runs.end_date
from jsonb_to_recordset(%(tasks)s) as tasks (dag_id text, task_id text, xcoms integer)
inner join dag_run as runs on tasks.dag_id = runs.dag_id
where runs.run_after > %(until)s::timestamptz - interval '1 day' and runs.run_after <= %(until)s and tasks.xcoms > 0;

-- name: insert_audit_log
insert into log (dttm, dag_id, task_id, map_index, event, run_id, owner, extra, try_number)
select
    tasks.end_date,
    tasks.dag_id,
    tasks.task_id,
    -1,
    events.event,
    tasks.run_id,
    'revenue-operations',
    '{"host_name": "worker-1.example.com"}',
    1
from task_instance as tasks
cross join (values ('running'), ('success')) as events (event)
where tasks.end_date > %(until)s::timestamptz - interval '1 day' + interval '8 seconds'
    and tasks.end_date <= %(until)s::timestamptz + interval '8 seconds';
