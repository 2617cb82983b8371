-- SLA: one row for each clock that has warned, been held or run out.
create schema sla;

create table sla.breaches (
    breach_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    clock text not null,
    state text not null check (state in ('at_risk', 'held', 'breached', 'met', 'met_late')),
    started_at timestamptz not null,
    due_at timestamptz not null,
    stopped_at timestamptz,
    business_minutes double precision not null,
    target_minutes double precision not null,
    changed_at timestamptz not null,
    evidence jsonb not null,
    unique (lead_id, cycle, clock)
);
comment on column sla.breaches.state is
'held: it looks late, but the CRM feed is behind, so nobody knows; settled later with the true times';
create index breaches_open on sla.breaches (state) where state in ('at_risk', 'held', 'breached');
