-- Intake: form submissions as received, and the key that recognises a repeated one.
create schema intake;

create table intake.raw_leads (
    submission_id text primary key check (char_length(submission_id) <= 200),
    sender_id text,
    received_at timestamptz not null,
    secret smallint not null,
    body bytea not null,
    changes jsonb not null default '[]',
    tool text
);
comment on table intake.raw_leads is
'One row for each form submission; its event is ''form-'' || submission_id';
comment on column intake.raw_leads.submission_id is
'Keyed hash of the sender''s id, or of the content if there is none';
comment on column intake.raw_leads.sender_id is 'The sender''s own submission_id; null: none was sent';
comment on column intake.raw_leads.secret is
'Number of the configured secret that signed it, from 1; a secret that no longer appears can be removed';
-- Forms are stored in the order of their arrival, so a block range index finds those of the last hour.
create index raw_leads_received_at on intake.raw_leads using brin (received_at) with (autosummarize = on);
comment on column intake.raw_leads.body is
'The signed body, every byte as received; to read it: convert_from(body, ''UTF8'')';
comment on column intake.raw_leads.changes is
'What the event does not say as the body does: [{"path": …, "what": …}], the same list as in the answer';
comment on column intake.raw_leads.tool is
'The tool in forms.yaml whose mapping read the body; null: the body is in our own contract';

create table intake.quarantined_forms (
    quarantine_id bigint generated always as identity primary key,
    submission_id text not null check (char_length(submission_id) <= 200),
    received_at timestamptz not null,
    signed_at timestamptz not null,
    secret smallint not null,
    reason text not null,
    detail text not null,
    body bytea not null,
    times integer not null default 1,
    state text not null default 'waiting' check (state in ('waiting', 'admitted', 'dropped')),
    admitted_body text,
    settled_at timestamptz,
    tool text
);
comment on table intake.quarantined_forms is
'A signed form that cannot become a lead, whole; it can be repaired and admitted. Only `body` and `admitted_body`'
' hold personal data';
comment on column intake.quarantined_forms.submission_id is
'The id in the answer to its sender, and that of intake.raw_leads once it is admitted';
comment on column intake.quarantined_forms.signed_at is
'X-Timestamp, but not later than its arrival: the time of a form that has no usable one';
comment on column intake.quarantined_forms.secret is 'Number of the configured secret that signed it, from 1';
comment on column intake.quarantined_forms.detail is 'What to change; it repeats no value';
comment on column intake.quarantined_forms.body is 'The signed body, every byte as received';
comment on column intake.quarantined_forms.times is 'How often the same body arrived while it was waiting';
comment on column intake.quarantined_forms.tool is
'The tool in forms.yaml whose mapping reads the body; null: the body is in our own contract';
comment on column intake.quarantined_forms.admitted_body is 'The admitted body as JSON, if a person repaired it';
create unique index quarantined_forms_body on intake.quarantined_forms (submission_id, sha256(body));
create index quarantined_forms_waiting on intake.quarantined_forms (received_at) where state = 'waiting';
-- What looks like spam waits for nobody, and there may be much of it.
create index quarantined_forms_to_repair on intake.quarantined_forms (received_at)
where state = 'waiting' and not starts_with(reason, 'spam_');

-- What forms have in common, for signs of spam.
create table intake.form_traces (
    trace_id bigint generated always as identity primary key,
    submission_id text not null unique check (char_length(submission_id) <= 200),
    seen_at timestamptz not null,
    person text not null,
    text_hash text,
    visitor text
);
comment on table intake.form_traces is
'A signed form with a text or a browser, as keyed hashes: whether others had the same. It holds nothing of a person';
comment on column intake.form_traces.trace_id is 'In the order in which forms came first';
comment on column intake.form_traces.text_hash is 'Null: it says nothing that people do not write alike';
comment on column intake.form_traces.visitor is 'Of the anonymous_id';
create index form_traces_text on intake.form_traces (text_hash, seen_at) where text_hash is not null;
create index form_traces_visitor on intake.form_traces (visitor, seen_at) where visitor is not null;
create index form_traces_seen_at on intake.form_traces using brin (seen_at) with (autosummarize = on);

-- Refused forms are only counted: nobody proved to have sent them, so nothing of them is stored.
create table intake.form_refusals (
    counted_at timestamptz not null,
    reason text not null,
    times bigint not null,
    primary key (counted_at, reason)
);
comment on column intake.form_refusals.counted_at is 'The start of five minutes, UTC';

-- One key for each database; it never changes. It is not a form secret, so hashes survive a rotation of secrets.
create table intake.hash_keys (
    hash_key bytea not null
);
insert into intake.hash_keys (hash_key)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

-- Takes a simulated visitor out. The role of tasks may delete no such row: the owner's function does, and no other one.
create function intake.remove_canary(submission_ids text[]) returns void
language sql volatile security definer set search_path = pg_catalog
as $$
    delete from intake.raw_leads as mine
    using cdp.events as events, cdp.canaries as canaries
    where
        mine.submission_id = any(remove_canary.submission_ids)
        and events.event_id = 'form-' || mine.submission_id
        and events.email = canaries.email;
$$;
