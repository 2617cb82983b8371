-- Reports: the pictures that were made.
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
    unknown_since timestamptz,
    posted_at timestamptz,
    posted_digest text,
    channel text,
    unique (name, first_day, last_day)
);
comment on column reports.reports.sentences is 'What is said with the picture, in the company''s language';
comment on column reports.reports.digest is 'SHA-256 of picture and sentences';
comment on column reports.reports.uploaded_file is 'Slack''s id of the picture; stored before it is shown to anybody';
comment on column reports.reports.unknown_since is
'Set before the post; while posted_at is null it is unknown whether the report is in Slack';
comment on column reports.reports.posted_digest is 'Of what was posted; another than digest: figures changed since';
