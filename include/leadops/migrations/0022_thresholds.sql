-- Thresholds: from which total on a lead is MQL, and how soon sales gets in touch; one row for each day.
create table scoring.thresholds (
    threshold_id bigint generated always as identity primary key,
    day date not null unique,
    kpi_version text not null,
    value integer,
    sla_minutes double precision,
    effective_at timestamptz,
    proposed_at timestamptz not null,
    decided_by text not null check (decided_by in ('kept', 'automatic', 'approved', 'reverted')),
    reason text not null,
    plan text not null check (plan in ('keep', 'apply', 'ask')),
    proposed_value integer,
    proposed_sla_minutes double precision,
    answer text check (answer in ('approved', 'rejected', 'unanswered')),
    waits_since timestamptz,
    facts jsonb not null,
    hash text not null,
    check ((decided_by = 'kept') = (effective_at is null))
);
create index thresholds_effective on scoring.thresholds (effective_at) where effective_at is not null;
comment on column scoring.thresholds.day is 'The local day after which it was worked out';
comment on column scoring.thresholds.value is 'Total in force by this row, of its KPI version; null: that of kpi.yaml';
comment on column scoring.thresholds.sla_minutes is
'First contact, of the tier that takes everybody, for its MQLs; null: that of sla.yaml';
comment on column scoring.thresholds.effective_at is 'Null: it changes nothing';
comment on column scoring.thresholds.plan is 'ask: a human decides, and without an answer nothing changes';
comment on column scoring.thresholds.waits_since is 'A human was asked then and has not answered yet';
comment on column scoring.thresholds.hash is 'Of what was read and of what was found';
