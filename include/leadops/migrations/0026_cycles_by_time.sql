-- A person's cycles follow one another in time, whichever of their leads began them.
create table lifecycle.person_cycles (
    lead_id bigint not null,
    cycle integer not null,
    person_cycle integer not null,
    primary key (lead_id, cycle)
);
comment on table lifecycle.person_cycles is 'Of each cycle of a joined lead, which cycle of the person it is';
comment on column lifecycle.person_cycles.person_cycle is
'Cycles of several leads are one where one began while the other was open';

create view lifecycle.joined_transitions as
select
    people.person_id,
    coalesce(numbers.person_cycle, transitions.cycle) as person_cycle,
    transitions.*
from identity.people as people
inner join lifecycle.transitions as transitions on people.lead_id = transitions.lead_id
left join lifecycle.person_cycles as numbers
    on transitions.lead_id = numbers.lead_id and transitions.cycle = numbers.cycle;

create or replace view lifecycle.current_transitions as
select
    transitions.lead_id,
    transitions.cycle,
    transitions.stage,
    transitions.occurred_at,
    transitions.recorded_at,
    transitions.evidence,
    transitions.campaign,
    transitions.source,
    transitions.value,
    transitions.kpi_version,
    transitions.lead_id as own_lead_id,
    transitions.cycle as own_cycle
from lifecycle.transitions as transitions
where not exists (select from identity.people as people where people.lead_id = transitions.lead_id)
union all
(
    select distinct on (joined.person_id, joined.person_cycle, joined.stage)
        joined.person_id as lead_id,
        joined.person_cycle as cycle,
        joined.stage,
        joined.occurred_at,
        joined.recorded_at,
        joined.evidence,
        joined.campaign,
        joined.source,
        joined.value,
        joined.kpi_version,
        joined.lead_id as own_lead_id,
        joined.cycle as own_cycle
    from lifecycle.joined_transitions as joined
    order by
        joined.person_id asc, joined.person_cycle asc, joined.stage asc, joined.occurred_at asc, joined.lead_id asc
);
comment on column lifecycle.current_transitions.own_lead_id is 'With own_cycle: where it is on record';

-- A place goes by its MQL: whose that is now, and which cycle of theirs, is where it stands. A place that a person
-- had from another of their leads stands beside that lead's own, which waits aside.
alter table routing.leads add column mql_lead_id bigint;
alter table routing.leads add column mql_cycle integer;
update routing.leads
set mql_lead_id = coalesce(
    (
        select aside.lead_id from routing.set_aside as aside
        where aside.kept_by = leads.lead_id and aside.cycle = leads.cycle
    ), lead_id
), mql_cycle = cycle;
alter table routing.leads alter column mql_lead_id set not null;
alter table routing.leads alter column mql_cycle set not null;
comment on column routing.leads.mql_lead_id is 'The lead that became MQL; of a person with several, maybe another one';
create index leads_mql on routing.leads (mql_lead_id);

delete from routing.set_aside where kept_by is not null;
alter table routing.set_aside drop column kept_by;
alter table routing.set_aside add column mql_lead_id bigint;
alter table routing.set_aside add column mql_cycle integer;
update routing.set_aside set mql_lead_id = lead_id, mql_cycle = cycle;
alter table routing.set_aside alter column mql_lead_id set not null;
alter table routing.set_aside alter column mql_cycle set not null;
comment on table routing.set_aside is 'Places of MQLs that are no cycle of their own while their lead is joined';

insert into lifecycle.regroupings (lead_id)
select lead_id from identity.people;

create index outbox_owner on delivery.outbox (lead_id, outbox_id) where target = 'crm' and operation = 'set_owner';
