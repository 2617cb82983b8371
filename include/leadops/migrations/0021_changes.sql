-- Changes: what would move many leads at once, what it would do, and who decided.
create schema changes;

create table changes.changes (
    change_id bigint generated always as identity primary key,
    kind text not null check (kind in ('settings', 'model', 'rollback')),
    hash text not null check (char_length(hash) <= 64),
    subject text not null,
    content jsonb not null,
    base jsonb not null,
    status text not null check (status in ('asked', 'waits', 'passed', 'approved', 'rejected', 'withdrawn')),
    effect jsonb,
    reason text not null default '',
    problem text,
    asked_at timestamptz not null,
    weighed_at timestamptz,
    decided_at timestamptz,
    decided_by text,
    ended_at timestamptz,
    announced_at timestamptz,
    run_id text
);
create unique index changes_open on changes.changes (kind, hash) where (ended_at is null);
create index changes_ended on changes.changes (ended_at);
comment on column changes.changes.hash is 'SHA-256 of the content; while a row of it is open, it is not weighed again';
comment on column changes.changes.subject is 'What changes, in words: the files, the model, or what is taken back';
comment on column changes.changes.content is 'What was asked about, whole: an approval puts just this in force';
comment on column changes.changes.base is 'What was in force when it was asked: the hash of each section';
comment on column changes.changes.status is
'asked: not weighed yet; waits: for a human; rejected stays open while somebody still has it';
comment on column changes.changes.effect is 'What it would have moved when it was asked, with examples';
comment on column changes.changes.problem is 'Why it could not be weighed; null: it was, or has not been tried';
comment on column changes.changes.ended_at is 'When nobody wanted it any more, or it took effect; null: it is open';
comment on column changes.changes.announced_at is 'When Airflow was last told to start a run that asks';
comment on column changes.changes.run_id is 'The run of Airflow that asks a human';
