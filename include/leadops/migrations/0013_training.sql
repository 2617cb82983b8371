-- Training: models as numbers, why each one took effect or did not, and the predictions of the one in effect.
create schema training;

create table training.models (
    model_id integer generated always as identity primary key,
    day date not null,
    hash text not null unique,
    body jsonb not null,
    trained_at timestamptz not null
);
comment on column training.models.day is 'Trained on what was known by the end of this day in the company''s zone';
comment on column training.models.hash is 'SHA-256 of the body without its measures: the same numbers are kept once';
comment on column training.models.body is 'Coefficients, scaler, categories, calibration, features, measures, versions';

-- Append-only. Of a day the newest row counts; of all days the newest day.
create table training.decisions (
    decision_id bigint generated always as identity primary key,
    day date not null,
    outcome text not null check (outcome in ('first', 'replaced', 'kept', 'no_better', 'too_little', 'refused')),
    reason text not null,
    model_id integer,
    champion_id integer,
    inputs_hash text not null,
    findings jsonb not null,
    decided_at timestamptz not null
);
comment on column training.decisions.model_id is 'The model that was trained; null: none was';
comment on column training.decisions.champion_id is 'The model in effect after the decision; null: none is';
comment on column training.decisions.inputs_hash is 'Of data, settings and the champion before: the same adds no row';
comment on column training.decisions.findings is 'Refused and dropped features, measures, drift, the comparison';
create index decisions_day on training.decisions (day, decision_id);

create table training.predictions (
    lead_id bigint primary key,
    model_id integer not null,
    as_of timestamptz not null,
    probability double precision not null,
    points integer not null,
    parts integer[] not null,
    sent_probability double precision,
    sent_number bigint not null
);
comment on table training.predictions is 'The prediction of the model in effect for an active lead, newest only';
comment on column training.predictions.parts is
'Points of the average lead, then of each feature in the order of the model; they sum to points';
comment on column training.predictions.sent_probability is 'The last ml_score that was put into the outbox for the MA';
-- No earlier prediction of the lead had this number, not even one that was deleted.
comment on column training.predictions.sent_number is
'Number of the last ml_score sent; makes its idempotency key unique';

-- Scores of a model that was trained elsewhere, kept while they are in effect or were once.
create table training.score_imports (
    import_id integer generated always as identity primary key,
    day date not null,
    hash text not null,
    imported_at timestamptz not null
);
comment on column training.score_imports.hash is 'SHA-256 of the scores';

create table training.imported_scores (
    import_id integer not null references training.score_imports on delete cascade,
    lead_id bigint not null,
    at timestamptz not null,
    ml_score double precision not null check (ml_score between 0 and 1),
    primary key (import_id, lead_id, at)
);
comment on column training.imported_scores.at is 'The moment as of which the lead was scored';

-- The newest moment for which a run of points has begun: a run for an earlier one writes nothing.
create table training.progress (
    is_only boolean primary key default true check (is_only),
    as_of timestamptz not null
);

-- Published tables: mart.inbox is made in 0028_marts.sql.
create function training.publish_decisions() returns trigger language plpgsql as $$
begin
    insert into mart.inbox (mart, id) select 'decisions', changed.decision_id from changed;
    return null;
end $$;
create trigger publish_new_decisions after insert on training.decisions
referencing new table as changed for each statement execute function training.publish_decisions();
