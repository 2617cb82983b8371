-- History: what a CRM's export says of leads and stages that were before leadops, or beside it.
create schema history;

create table history.attributes (
    lead_id bigint not null,
    attribute text not null,
    value jsonb not null,
    known_at timestamptz,
    primary key (lead_id, attribute)
);
comment on table history.attributes is 'What an export says of a lead, each with when it was known';
comment on column history.attributes.known_at is
'Null: filled in after the contact with sales, or nobody knows when; a model of new leads must not see it';

-- A lead of an export is known by what the CRM calls it; there is no event that shows it.
alter table identity.aliases drop constraint aliases_kind_check;
alter table identity.aliases
add constraint aliases_kind_check check (kind in ('email', 'crm_id', 'enrichment_id', 'user_id', 'anonymous_id'));
alter table identity.aliases alter column event_seq drop not null;
comment on column identity.aliases.event_seq is 'The event that is the evidence for this link; null: an import';

-- Stages as exports state them, each once; lifecycle.transitions gets what their cycles make of them.
create table lifecycle.imported (
    lead_id bigint not null,
    stage text not null check (stage in ('mql', 'sal', 'sql', 'won', 'lost')),
    occurred_at timestamptz not null,
    reference text not null,
    campaign text,
    source text,
    value numeric(18, 2),
    evidence jsonb not null,
    recorded_at timestamptz not null,
    primary key (lead_id, stage, occurred_at, reference)
);
comment on column lifecycle.imported.reference is 'What the export calls the deal; empty where it does not say';

-- Orders of time that cannot be: they are on record as the export has them, and nobody should count on them.
create view history.impossible_orders as
select
    transitions.lead_id,
    transitions.cycle,
    transitions.stage,
    transitions.occurred_at,
    leads.created_at,
    mql.occurred_at as mql_at,
    transitions.evidence
from lifecycle.transitions as transitions
inner join identity.leads as leads on transitions.lead_id = leads.lead_id
left join lifecycle.transitions as mql
    on transitions.lead_id = mql.lead_id and transitions.cycle = mql.cycle and mql.stage = 'mql'
where
    transitions.evidence ? 'imported'
    and (transitions.occurred_at < leads.created_at or transitions.occurred_at < mql.occurred_at);
comment on view history.impossible_orders is
'Imported stages before the first contact, or before the MQL of their cycle';
