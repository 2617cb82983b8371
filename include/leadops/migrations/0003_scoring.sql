-- Scoring: every point of a lead with its date and reason, and the sums.
create schema scoring;

-- Filled by identity (new events of a lead) and by scoring itself (new rules, a backfill), emptied by scoring.
create table scoring.inbox (
    seq bigint generated always as identity,
    lead_id bigint not null,
    lane smallint not null,
    event_seq bigint,
    primary key (lane, seq)
);
comment on column scoring.inbox.lane is '0 live, 1 backfill';
comment on column scoring.inbox.event_seq is 'The first event that waits; null: no event, but rules or leads changed';

create table scoring.rule_sets (
    rule_set_id integer generated always as identity primary key,
    hash text not null,
    body jsonb not null,
    effective_at timestamptz not null,
    reason text not null
);

-- Which scorer uses which rule file. During a rollout the newer rules stay in effect.
create table scoring.rule_files (
    source text primary key,
    hash text not null,
    seen_at timestamptz not null
);
comment on table scoring.rule_files is 'The rules in each scorer''s file, by machine and path, seen in the last day';
comment on column scoring.rule_files.seen_at is 'To the minute';

create table scoring.ledger (
    seq bigint generated always as identity primary key,
    lead_id bigint not null,
    points integer not null check (points <> 0),
    dimension text not null check (dimension in ('fit', 'behaviour', 'model')),
    kind text not null check (kind in ('rule', 'correction', 'decay', 'model', 'write_off')),
    rule text not null,
    event_seq bigint,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    rule_set_id integer,
    lane smallint,
    reason text not null,
    reverses bigint,
    is_live boolean not null default false,
    check (not is_live or lane = 0)
);
comment on table scoring.ledger is
'Append-only. Every writer holds the advisory lock of scoring until it commits, so seq is the order of commits.';
comment on column scoring.ledger.lane is '0 live, 1 backfill, null: not sent to the MA';
comment on column scoring.ledger.is_live is
'It derives from what came live, and not from history, an import, a backfill, changed rules, a merge, a split or decay';
comment on column scoring.ledger.reverses is 'The ledger row that a write-off takes back';
create index ledger_lead on scoring.ledger (lead_id);
create unique index ledger_reverses on scoring.ledger (reverses) where reverses is not null;
-- Each time the model's points are written, the sum of every lead's model points is read.
create index ledger_model on scoring.ledger (lead_id) include (points) where kind = 'model';

create table scoring.scores (
    lead_id bigint primary key,
    fit integer not null default 0,
    behaviour integer not null default 0,
    model integer not null default 0,
    total integer not null generated always as (fit + behaviour + model) stored,
    updated_at timestamptz not null
);
create index scores_fit_behaviour on scoring.scores (fit, behaviour);

-- Whether any lead has points. Whoever follows settings asks it: the gateway too, whose role may not read the scores.
create function scoring.has_points() returns boolean
language sql stable security definer set search_path = pg_catalog
as $$
    select exists(select from scoring.scores where fit <> 0 or behaviour <> 0 or model <> 0)
$$;

-- The local day up to whose end behaviour has decayed: it never goes back.
create table scoring.decay_progress (
    decayed_until date not null
);
create unique index decay_progress_one on scoring.decay_progress ((true));

-- Leads with behaviour that decays, and the first local day at whose end it may cost a point.
create table scoring.decay_schedule (
    lead_id bigint primary key,
    due_on date not null
);
comment on column scoring.decay_schedule.due_on is 'infinity: nothing is left that could decay';
create index decay_schedule_due on scoring.decay_schedule (due_on, lead_id);
