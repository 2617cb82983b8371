-- What the daily stages need of a lead and of a stage: where it came from, and what a deal was worth.
alter table identity.leads alter column email drop not null;
alter table identity.leads alter column first_event_seq drop not null;
alter table identity.leads add column campaign text;
alter table identity.leads add column source text;
alter table identity.leads add column merged_into bigint;
comment on column identity.leads.email is 'Null: an imported lead whose address is not known';
comment on column identity.leads.first_event_seq is 'Null: imported';
comment on column identity.leads.campaign is 'Of an imported lead''s first contact; others: see their first event';
comment on column identity.leads.source is 'Likewise';
comment on column identity.leads.merged_into is 'The older lead that it turned out to be; null: a lead of its own';

alter table lifecycle.transitions add column source text;
alter table lifecycle.transitions add column value numeric(18, 2);
comment on column lifecycle.transitions.value is 'Of a won deal, in the company''s currency';
-- Days are read by what happened in them, and by what became known of them later.
create index transitions_occurred on lifecycle.transitions (occurred_at);
create index transitions_recorded on lifecycle.transitions (recorded_at);
create index leads_created on identity.leads (created_at);

create view lifecycle.current_transitions as
select
    lead_id,
    cycle,
    stage,
    occurred_at,
    recorded_at,
    evidence,
    campaign,
    source,
    value,
    kpi_version
from lifecycle.transitions;
comment on view lifecycle.current_transitions is 'Of leads that turned out to be one person: the person''s';
