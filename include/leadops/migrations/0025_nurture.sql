-- Nurture: who is in which programme, and what became of each step.
create schema nurture;

-- Filled by scoring with the leads that it takes, emptied by nurture.
create table nurture.inbox (
    inbox_id bigint generated always as identity primary key,
    lead_id bigint not null
);

-- By which words of the CRM sales contacted somebody, and for how long that counts: as enter and send read them last.
create table nurture.sales_words (
    is_only boolean primary key default true check (is_only),
    kinds text[] not null,
    statuses text[] not null,
    contacted_within interval not null
);

-- Each content of a programme that was ever in force. Members finish the version that they began.
create table nurture.programmes (
    programme text not null check (char_length(programme) <= 50),
    version integer not null check (version > 0),
    hash text not null,
    body jsonb,
    in_force_since timestamptz not null,
    first_taken_at timestamptz,
    primary key (programme, version)
);
comment on column nurture.programmes.body is 'null: since then the file has no such programme';
comment on column nurture.programmes.first_taken_at is
'When the MA was first seen to take an enrolment of it; null: never. Until then it is not set up, and nobody is woken';

-- One person's way through a programme, once. A lead that was merged keeps the memberships that it had.
create table nurture.memberships (
    membership_id bigint generated always as identity primary key,
    programme text not null,
    version integer not null,
    lead_id bigint not null,
    cycle integer not null check (cycle > 0),
    entered_at timestamptz not null,
    entry_event_seq bigint not null,
    is_held_out boolean not null,
    next_step text,
    due_at timestamptz not null,
    state text not null default 'active' check (state in ('active', 'finished', 'exited')),
    ended_at timestamptz,
    reason text,
    unique (lead_id, programme, cycle),
    foreign key (programme, version) references nurture.programmes,
    check ((state = 'active') = (ended_at is null)),
    check ((state = 'active') = (next_step is not null)),
    check ((state = 'exited') = (reason is not null))
);
comment on column nurture.memberships.entered_at is 'The moment of the act by which the person entered';
comment on column nurture.memberships.due_at is 'When the next step is looked at';
create index memberships_due on nurture.memberships (due_at) where state = 'active';

-- What became of a step: once for a membership and a step, whatever is retried.
create table nurture.sends (
    membership_id bigint not null references nurture.memberships on delete cascade,
    step text not null,
    lead_id bigint not null,
    message_key text,
    depth text,
    due_at timestamptz not null,
    stale_at timestamptz not null,
    decided_at timestamptz not null,
    quiet_from timestamptz,
    state text not null check (state in ('queued', 'postponed', 'withheld', 'skipped')),
    reason text,
    idempotency_key text unique,
    cycle integer check (cycle > 0),
    tries smallint not null default 1,
    primary key (membership_id, step),
    check ((state = 'queued') = (reason is null)),
    check ((state = 'skipped') = (idempotency_key is null)),
    check ((idempotency_key is null) = (cycle is null))
);
comment on column nurture.sends.lead_id is 'The lead that gets it: the one of the person''s that the MA knows';
comment on column nurture.sends.stale_at is 'It does not go out from this moment on';
comment on column nurture.sends.quiet_from is 'When the lead''s quiet hours begin: from then on it is decided again';
comment on column nurture.sends.cycle is
'How often the lead in the MA got this step, this time included: with lead and step it names the enrolment there';
comment on column nurture.sends.tries is 'How often the outbox got it; it drops the one before, which was never sent';
create index sends_decided on nurture.sends (decided_at) include (state);
-- What a person got, for the frequency cap.
create index sends_lead on nurture.sends (lead_id, decided_at) where state = 'queued';

-- One key for each database: it never changes, and a backup has it. Who does not read the database cannot tell who is
-- held out.
create table nurture.hash_keys (
    hash_key bytea not null
);
insert into nurture.hash_keys (hash_key)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

-- Members against hold-out, as known at the end of a day. A person counts once in a programme, by their first entry.
create table nurture.lifts (
    dt date not null,
    programme text not null check (char_length(programme) <= 50),
    holdout_share double precision not null,
    cohort date,
    last_entered_at timestamptz not null,
    window_days integer not null,
    members bigint not null,
    held_out bigint not null,
    member_sqls bigint not null,
    held_out_sqls bigint not null,
    open_members bigint not null,
    open_held_out bigint not null,
    difference double precision,
    difference_low double precision,
    difference_high double precision,
    ratio double precision,
    ratio_low double precision,
    ratio_high double precision,
    people_needed bigint,
    verdict text not null check (
        verdict in ('no_hold_out', 'too_early', 'higher', 'lower', 'no_difference')
    ),
    unique nulls not distinct (dt, programme, holdout_share, cohort)
);
comment on column nurture.lifts.holdout_share is
'In force at the entry; entries under different shares are not added up';
comment on column nurture.lifts.cohort is 'The first day of the month of the entry, in the company''s zone; null: all';
comment on column nurture.lifts.members is 'Whose window is over; so are held_out, member_sqls and held_out_sqls';
comment on column nurture.lifts.member_sqls is 'Who became SQL within window_days of the entry';
comment on column nurture.lifts.open_members is 'Whose window is not over: they count nowhere else';
comment on column nurture.lifts.difference is 'Of the rates, members minus hold-out, with its 95 % interval';
comment on column nurture.lifts.ratio is 'Of the rates, members divided by hold-out, with its 95 % interval';
comment on column nurture.lifts.ratio_high is 'Null: the interval is open upwards';
comment on column nurture.lifts.people_needed is
'Members and hold-out together that it takes to show the smallest lift of nurture.yaml; null: no number of them does';

-- Published tables: mart.inbox is made in 0028_marts.sql.
create function nurture.publish_sends() returns trigger language plpgsql as $$
begin
    insert into mart.inbox (mart, id) select 'sends', changed.membership_id from changed;
    return null;
end $$;
create trigger publish_new_sends after insert on nurture.sends
referencing new table as changed for each statement execute function nurture.publish_sends();
create trigger publish_changed_sends after update on nurture.sends
referencing new table as changed for each statement execute function nurture.publish_sends();
create trigger publish_gone_sends after delete on nurture.sends
referencing old table as changed for each statement execute function nurture.publish_sends();
