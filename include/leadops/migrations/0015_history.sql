-- History: what a CRM export says about leads and stages from before leadops, or from outside it.
create schema history;

create table history.attributes (
    lead_id bigint not null,
    attribute text not null,
    value jsonb not null,
    known_at timestamptz,
    primary key (lead_id, attribute)
);
comment on table history.attributes is 'What an export says about a lead, and when that became known';
comment on column history.attributes.known_at is
'Null: entered after sales made contact, or at an unknown time; a model for new leads must not use it';

-- Impossible orders of stages: recorded as the export states them, but not reliable.
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
