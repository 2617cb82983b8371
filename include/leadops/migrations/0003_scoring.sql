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
    rollback_id integer,
    check (not is_live or lane = 0)
);
comment on table scoring.ledger is
'Append-only. Every writer holds the advisory lock of scoring until it commits, so seq is the order of commits.';
comment on column scoring.ledger.lane is '0 live, 1 backfill, null: not sent to the MA';
comment on column scoring.ledger.is_live is
'It derives from what came live, and not from history, an import, a backfill, changed rules, a merge, a split or decay';
comment on column scoring.ledger.reverses is 'The ledger row that a write-off takes back';
comment on column scoring.ledger.rollback_id is 'The rollback that this correction carries out';
create index ledger_lead on scoring.ledger (lead_id);
create unique index ledger_reverses on scoring.ledger (reverses) where reverses is not null;
create index ledger_rollback on scoring.ledger (rollback_id, seq) where rollback_id is not null;
-- Each time the model's points are written, the sum of every lead's model points is read.
create index ledger_model on scoring.ledger (lead_id) include (points) where kind = 'model';

-- What a human took back, as asked: some of the rows of the ledger up to one.
create table scoring.rollbacks (
    rollback_id integer primary key,
    scope jsonb not null,
    reason text not null,
    asked_by text not null,
    applied_at timestamptz not null,
    rows integer not null,
    leads integer not null,
    points_taken integer not null,
    points_given integer not null
);
comment on column scoring.rollbacks.scope is 'Which rows: a rule, a time or a batch, up to a row of the ledger';
comment on column scoring.rollbacks.points_taken is 'Points that were in force and are taken back';
comment on column scoring.rollbacks.points_given is 'Points that some of the rows had taken, and that are given back';

-- The rows of the ledger that a rollback covers: none is taken back twice.
create table scoring.rolled_back_rows (
    ledger_seq bigint primary key,
    rollback_id integer not null
);
create index rolled_back_rows_rollback on scoring.rolled_back_rows (rollback_id, ledger_seq);

-- How much scoring may still award after a rollback, whoever the event belongs to by then.
create table scoring.point_bounds (
    event_seq bigint,
    lead_id bigint,
    rule text not null,
    at_most integer,
    at_least integer,
    rollback_id integer not null,
    check ((event_seq is null) <> (lead_id is null)),
    check (at_most is not null or at_least is not null)
);
comment on column scoring.point_bounds.lead_id is 'Where no event but a fact gave the points: the lead of the fact';
comment on column scoring.point_bounds.at_most is 'After points were taken back; null: no bound';
comment on column scoring.point_bounds.at_least is 'After points were given back; null: no bound';
comment on column scoring.point_bounds.rollback_id is 'The last rollback that set it';
create unique index point_bounds_event on scoring.point_bounds (event_seq, rule) where event_seq is not null;
create unique index point_bounds_lead on scoring.point_bounds (lead_id, rule) where lead_id is not null;

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

-- What a cap lets through of the last `amount` of a sum that is `so_far` with it; null: there is no cap.
create function scoring.pass_cap(cap integer, so_far integer, amount integer) returns integer
language sql immutable parallel safe
return least(cap, so_far) - least(cap, so_far - amount);

-- An event that holds nothing but `value`, at `path`: properties or context and one step, one of them, or no step.
create function scoring.place_value(path text[], value jsonb) returns jsonb
language sql immutable parallel safe
return coalesce(
    case path
        when '{}' then value
        else jsonb_set('{"properties": {}, "context": {}}', path, value)
    end,
    '{}'
);

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

-- How long the newest changes took from the arrival of their event to their points: times only, no lead and no points.
create view scoring.recent_waits as
select
    newest.lane,
    newest.recorded_at,
    newest.recorded_at - events.received_at as waited
from (
    select
        ledger.event_seq,
        ledger.lane,
        ledger.recorded_at
    from scoring.ledger
    order by ledger.seq desc
    limit 1000
) as newest
-- One look-up for each row: a join would read all events where the planner thinks that they are few.
cross join
    lateral (
        select arrived.received_at
        from cdp.events as arrived
        where arrived.seq = newest.event_seq
        order by arrived.seq
        limit 1
    ) as events
where newest.lane is not null;

-- Takes a simulated visitor out. The role of tasks may delete no such row: the owner's function does, and no other one.
-- Nobody counts what a canary got: its rows go as a whole, and ledger and scores still agree.
create function scoring.remove_canary(lead_id bigint) returns void
language sql volatile security definer set search_path = pg_catalog
as $$
    delete from scoring.ledger as mine
    using identity.canary_leads as canaries
    where mine.lead_id = canaries.lead_id and canaries.lead_id = remove_canary.lead_id;

    delete from scoring.scores as mine
    using identity.canary_leads as canaries
    where mine.lead_id = canaries.lead_id and canaries.lead_id = remove_canary.lead_id;
$$;
