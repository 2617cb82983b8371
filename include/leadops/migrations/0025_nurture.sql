-- Nurture: who is in which programme, and what became of each step.
create schema nurture;

-- Filled by scoring with the leads that it takes, emptied by nurture.
create table nurture.inbox (
    inbox_id bigint generated always as identity primary key,
    lead_id bigint not null
);

-- Each content of a programme that was ever in force. Members finish the version that they began.
create table nurture.programmes (
    programme text not null check (char_length(programme) <= 50),
    version integer not null check (version > 0),
    hash text not null,
    body jsonb,
    in_force_since timestamptz not null,
    primary key (programme, version)
);
comment on column nurture.programmes.body is 'null: since then the file has no such programme';

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
    state text not null check (state in ('queued', 'withheld', 'skipped')),
    reason text,
    idempotency_key text unique,
    primary key (membership_id, step),
    check ((state = 'queued') = (reason is null)),
    check ((state = 'skipped') = (idempotency_key is null))
);
comment on column nurture.sends.lead_id is 'The lead that gets it: the one of the person''s that the MA knows';
comment on column nurture.sends.stale_at is 'It must not go out after this moment';
-- What a person got, for the frequency cap.
create index sends_lead on nurture.sends (lead_id, decided_at) where state = 'queued';
