-- Intake: forms as they came, and what is needed to know them again.
create schema intake;

create table intake.raw_leads (
    submission_id text primary key,
    sender_id text,
    received_at timestamptz not null,
    secret smallint not null,
    body text not null
);
comment on table intake.raw_leads is
'One row a form submission, once for ever; its event is ''form-'' || submission_id';
comment on column intake.raw_leads.submission_id is 'Keyed hash of the sender''s id, or else of the content';
comment on column intake.raw_leads.sender_id is 'The sender''s own submission_id; null: it gave none';
comment on column intake.raw_leads.secret is
'Which of the configured secrets signed it, from 1: an old one unused may go';
comment on column intake.raw_leads.body is 'The signed body, as it was received';

-- Of what is refused only the number is kept: whoever sends it is nobody we know.
create table intake.form_refusals (
    day date not null,
    reason text not null,
    times bigint not null,
    primary key (day, reason)
);
comment on column intake.form_refusals.day is 'UTC';

-- One key for ever per database. It is no form secret, so that hashes outlive a rotation.
create table intake.hash_keys (
    hash_key bytea not null
);
insert into intake.hash_keys (hash_key)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));
