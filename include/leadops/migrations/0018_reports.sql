-- Reports that were made, and the KPI contract as it was agreed for each quarter.
create schema reports;

-- A report is known by its name and its days. The picture is kept here too: the folder may be one machine's own.
create table reports.reports (
    report_id bigint generated always as identity primary key,
    name text not null,
    first_day date not null,
    last_day date not null,
    made_at timestamptz not null,
    sentences jsonb not null,
    facts jsonb not null,
    picture bytea not null,
    digest text not null,
    file text not null,
    uploaded_file text,
    telling_since timestamptz,
    posted_at timestamptz,
    posted_digest text,
    channel text,
    unique (name, first_day, last_day)
);
comment on column reports.reports.sentences is 'What is said with the picture, in the company''s language';
comment on column reports.reports.digest is 'SHA-256 of picture and sentences';
comment on column reports.reports.uploaded_file is 'Slack''s id of the picture; stored before it is shown to anybody';
comment on column reports.reports.telling_since is
'Stored before it is posted; where posted_at is null nobody knows whether it is in Slack';
comment on column reports.reports.posted_digest is 'Of what was posted; another than digest: figures changed since';

create table lifecycle.frozen_quarters (
    quarter text not null check (quarter ~ '^[0-9]{4}-Q[1-4]$'),
    revision integer not null check (revision > 0),
    first_day date not null,
    last_day date not null,
    timezone text not null,
    versions text[] not null,
    contract jsonb not null,
    digest text not null,
    reason text,
    frozen_at timestamptz not null,
    primary key (quarter, revision)
);
comment on table lifecycle.frozen_quarters is 'The KPI contract of a quarter; the highest revision holds';
comment on column lifecycle.frozen_quarters.timezone is 'In which its versions begin at midnight';
comment on column lifecycle.frozen_quarters.versions is 'Names of those in force in the quarter';
comment on column lifecycle.frozen_quarters.contract is 'kpi.yaml, whole, as it was then';
comment on column lifecycle.frozen_quarters.digest is 'SHA-256 of timezone and contract';
comment on column lifecycle.frozen_quarters.reason is 'Why it replaces the revision before; null: the first';

-- Quarters for which kpi.yaml now says something else than was frozen; kept by the minute run.
create table lifecycle.frozen_changes (
    quarter text primary key,
    facts jsonb not null,
    found_at timestamptz not null
);
