create temp table task_instance (
    id uuid primary key, dag_id varchar(250), state varchar(20),
    queued_dttm timestamptz, last_heartbeat_at timestamptz
);
create temp table dag_run (id integer primary key, dag_id varchar(250), state varchar(50));
create temp table dag (dag_id varchar(250) primary key, is_paused boolean);
