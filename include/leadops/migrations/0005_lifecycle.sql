-- CRM mirror and lifecycle: what sales did, and when a lead was MQL, SAL, SQL, won or lost.
create schema crm;

create table crm.activities (
    activity_id text primary key,
    crm_lead_id text not null,
    kind text not null,
    status text,
    rep_id text,
    occurred_at timestamptz not null,
    details jsonb not null default '{}',
    recorded_at timestamptz not null
);
create index activities_lead on crm.activities (crm_lead_id, occurred_at);

create table crm.reps (
    rep_id text primary key,
    profile jsonb not null,
    updated_at timestamptz not null
);

-- How far each feed was read, and how fresh the other side said it was.
create table crm.feeds (
    feed text primary key,
    cursor text,
    as_of timestamptz,
    polled_at timestamptz not null
);

create schema lifecycle;

create table lifecycle.transitions (
    transition_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    stage text not null check (stage in ('mql', 'sal', 'sql', 'won', 'lost')),
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    evidence jsonb not null,
    campaign text,
    kpi_version text not null,
    unique (lead_id, cycle, stage)
);
create index transitions_stage on lifecycle.transitions (stage, occurred_at);
