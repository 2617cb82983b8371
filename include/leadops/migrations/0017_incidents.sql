-- Incidents: one row for one problem, from open to resolved; and when each watched task or system last succeeded.
create schema incidents;

create table incidents.incidents (
    incident_id bigint generated always as identity primary key,
    kind text not null,
    subject text not null,
    state text not null default 'open' check (state in ('open', 'resolved')),
    opened_at timestamptz not null,
    seen_at timestamptz not null,
    clear_since timestamptz,
    resolved_at timestamptz,
    escalated_at timestamptz,
    acknowledged_at timestamptz,
    facts jsonb not null,
    message_id bigint,
    page_id bigint,
    is_suppressed boolean not null default false
);
comment on column incidents.incidents.subject is
'What the incident is about: a lead, a DAG, a target; no personal data';
comment on column incidents.incidents.clear_since is
'Since when it has been ok again; null while it is firing or unknown';
comment on column incidents.incidents.message_id is 'The message in alerts.messages about it; null: none yet';
comment on column incidents.incidents.acknowledged_at is 'When somebody took it: it does not escalate from then on';
comment on column incidents.incidents.page_id is 'The page in alerts.pages about it; null: none';
comment on column incidents.incidents.is_suppressed is
'Not in Slack: resolved before it was posted and too short to report, or only for PagerDuty';
create unique index incidents_open on incidents.incidents (kind, subject) where state = 'open';
create index incidents_message on incidents.incidents (message_id);
create index incidents_page on incidents.incidents (page_id) where page_id is not null;
create index incidents_unannounced on incidents.incidents (incident_id) where message_id is null and not is_suppressed;

-- When each watched DAG, task or system last succeeded.
create table incidents.heartbeats (
    name text primary key,
    succeeded_at timestamptz not null,
    beats bigint not null default 1
);
comment on column incidents.heartbeats.beats is
'How often it has succeeded: this grows even while the clock of the machine is set back';

-- What a task of a run did, in numbers; a task that was cleared or retried has a row for each good try.
create table incidents.task_results (
    dag_id text not null check (char_length(dag_id) <= 250),
    run_id text not null check (char_length(run_id) <= 250),
    task_id text not null check (char_length(task_id) <= 250),
    try_number integer not null,
    run_type text not null,
    run_started_at timestamptz not null,
    finished_at timestamptz not null,
    counts json not null,
    primary key (dag_id, run_id, task_id, try_number)
);
comment on column incidents.task_results.counts is
'What the task returned, in its order: numbers and words, no personal data';
create index task_results_runs on incidents.task_results (dag_id, run_started_at, run_id);

-- Published tables: mart.inbox is made in 0028_marts.sql. Whoever looks at an incident again each minute changes
-- nothing of what is published. One that is too old to keep stays published.
create function incidents.publish_incidents() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into mart.inbox (mart, id) select 'incidents', changed.incident_id from changed;
    else
        insert into mart.inbox (mart, id)
        select
            'incidents',
            changed.incident_id
        from changed
        inner join former on changed.incident_id = former.incident_id
        where
            (changed.state, changed.acknowledged_at, changed.escalated_at, changed.resolved_at)
            is distinct from (former.state, former.acknowledged_at, former.escalated_at, former.resolved_at);
    end if;
    return null;
end $$;
create trigger publish_new_incidents after insert on incidents.incidents
referencing new table as changed for each statement execute function incidents.publish_incidents();
create trigger publish_changed_incidents after update on incidents.incidents
referencing old table as former new table as changed
for each statement execute function incidents.publish_incidents();
