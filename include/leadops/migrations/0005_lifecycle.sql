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

-- Items of a feed that cannot be mirrored, whole, once each, so that one bad row never blocks the rest.
create table crm.refused (
    feed text not null,
    digest text not null,
    body jsonb not null,
    reason text not null,
    refused_at timestamptz not null,
    primary key (feed, digest)
);

create schema lifecycle;

-- Filled by the CRM poll in the transaction that mirrors an activity, emptied by lifecycle.
create table lifecycle.inbox (
    inbox_id bigint generated always as identity primary key,
    activity_id text not null,
    not_before timestamptz
);
comment on column lifecycle.inbox.not_before is 'Read already, but it lies in the future: read again then';

-- How far the ledger has been looked at, and by which thresholds. Its row lock makes one run at a time.
create table lifecycle.cursors (
    feed text primary key,
    ledger_seq bigint not null,
    thresholds text
);

-- Leads whose CRM id is awaited, and every CRM id that ever meant a lead.
create table lifecycle.unlinked (
    lead_id bigint not null,
    cycle integer not null,
    primary key (lead_id, cycle)
);
create table lifecycle.links (
    crm_lead_id text primary key,
    lead_id bigint not null,
    linked_at timestamptz not null
);
create index links_lead on lifecycle.links (lead_id);

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

-- When sales first did each thing in a cycle, as far as is known by now; an earlier time replaces a later one.
create table lifecycle.facts (
    lead_id bigint not null,
    cycle integer not null,
    fact text not null,
    occurred_at timestamptz not null,
    activity_id text not null,
    rep_id text,
    primary key (lead_id, cycle, fact)
);
comment on column lifecycle.facts.fact is 'taken, contact, meeting, won, lost, or criterion:<name>';
