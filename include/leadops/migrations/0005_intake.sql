-- Intake: form submissions as received, and the key that recognises a repeated one.
create schema intake;

create table intake.raw_leads (
    submission_id text primary key,
    sender_id text,
    received_at timestamptz not null,
    secret smallint not null,
    body text not null
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
comment on column intake.raw_leads.body is 'The signed body as received';

-- Refused forms are only counted: their sender is not authenticated, so nothing they send is stored.
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
