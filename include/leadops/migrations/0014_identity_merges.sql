-- Identity: leads that turned out to be one person, on what evidence, and how that is undone.
alter table identity.inbox add column lane smallint not null default 0;
comment on column identity.inbox.lane is '0 live, 1 backfill; scoring gets it with the lead';

alter table identity.leads add column is_claimed boolean not null default false;
comment on column identity.leads.is_claimed is 'Made for a form that could not wait for the resolver';
update identity.leads
set is_claimed = true
from cdp.events
where leads.first_event_seq = events.seq and events.event_id like 'form-%';
comment on column identity.leads.merged_into is 'The oldest lead of the same person; null: itself';

alter table identity.aliases add column confirmed_seq bigint;
comment on column identity.aliases.confirmed_seq is
'The first event that shows it with the lead''s own email; null: other identifiers tied it to the lead';
update identity.aliases
set confirmed_seq = aliases.event_seq
from identity.leads, cdp.events
where
    aliases.kind <> 'email'
    and aliases.lead_id = leads.lead_id
    and aliases.event_seq = events.seq
    and leads.email = lower(btrim(events.email))
    and (
        aliases.value in (events.user_id, events.anonymous_id)
        or jsonb_path_query_array(events.payload, '$.properties.*') ? aliases.value
    );

-- All leads of everybody who has several, the oldest included.
create table identity.people (
    lead_id bigint primary key,
    person_id bigint not null
);
comment on table identity.people is
'A lead that is not here is a person of its own. As identity.leads.merged_into, but by person';
comment on column identity.people.person_id is 'The person''s oldest lead, by which everybody calls the person';
create index people_person on identity.people (person_id);

create table identity.lead_merges (
    merge_id bigint generated always as identity primary key,
    older_lead_id bigint not null,
    younger_lead_id bigint not null,
    kind text not null,
    value text not null,
    event_seq bigint not null,
    merged_at timestamptz not null,
    undone_at timestamptz,
    undone_by text,
    undone_because text
);
comment on table identity.lead_merges is 'Two leads are one person: the identifier that was seen with both emails';
comment on column identity.lead_merges.event_seq is 'The event that completed the evidence';
comment on column identity.lead_merges.undone_by is 'Who split it; null: the evidence itself did not hold';
create unique index lead_merges_pair on identity.lead_merges (older_lead_id, younger_lead_id) where undone_at is null;
create index lead_merges_younger on identity.lead_merges (younger_lead_id);
create index lead_merges_older on identity.lead_merges (older_lead_id);
create index lead_merges_identifier on identity.lead_merges (kind, value) where undone_at is null;

create table identity.separations (
    older_lead_id bigint not null,
    younger_lead_id bigint not null,
    separated_at timestamptz not null,
    separated_by text not null,
    reason text not null,
    primary key (older_lead_id, younger_lead_id)
);
comment on table identity.separations is 'Two leads of which somebody said that they are two people: never joined';
create index separations_younger on identity.separations (younger_lead_id);

alter table identity.violations drop constraint violations_guard_check;
alter table identity.violations
add constraint violations_guard_check check (guard in ('emails', 'identifiers', 'joins'));

-- How far events were taken, and those that came to the inbox after later ones: with this their order is known.
create table identity.progress (
    is_only boolean primary key default true check (is_only),
    last_seq bigint not null,
    join_rules text
);
comment on column identity.progress.join_rules is 'The settings by which leads are joined, as they were last used';
insert into identity.progress (last_seq)
select greatest(
    coalesce((select max(event_seq) from identity.resolved_events), 0),
    coalesce((select max(event_seq) from identity.unresolved_events), 0)
);

create table identity.late_events (
    late_id bigint generated always as identity primary key,
    event_seq bigint not null unique,
    after_seq bigint not null
);
comment on table identity.late_events is 'Events that were resolved after events with a higher seq';
comment on column identity.late_events.after_seq is 'The highest seq that had been resolved before it';

-- What a person did, whichever of their leads it was tied to.
create view identity.person_events as
select
    resolved.event_seq,
    resolved.lead_id
from identity.resolved_events as resolved
where not exists (select from identity.people as people where people.lead_id = resolved.lead_id)
union all
select
    resolved.event_seq,
    people.person_id as lead_id
from identity.people as people
inner join identity.resolved_events as resolved on people.lead_id = resolved.lead_id;

-- The newest value of each trait of a person, whichever of their leads told it.
create view identity.person_traits as
select
    traits.lead_id,
    traits.trait,
    traits.value,
    traits.ts,
    traits.event_id
from identity.traits as traits
where not exists (select from identity.people as people where people.lead_id = traits.lead_id)
union all
(
    select distinct on (people.person_id, traits.trait)
        people.person_id as lead_id,
        traits.trait,
        traits.value,
        traits.ts,
        traits.event_id
    from identity.people as people
    inner join identity.traits as traits on people.lead_id = traits.lead_id
    order by people.person_id asc, traits.trait asc, traits.ts desc, traits.event_id collate "C" desc
);

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
    transitions.kpi_version
from lifecycle.transitions as transitions
where not exists (select from identity.people as people where people.lead_id = transitions.lead_id)
union all
(
    select distinct on (people.person_id, transitions.cycle, transitions.stage)
        people.person_id as lead_id,
        transitions.cycle,
        transitions.stage,
        transitions.occurred_at,
        transitions.recorded_at,
        transitions.evidence,
        transitions.campaign,
        transitions.source,
        transitions.value,
        transitions.kpi_version
    from identity.people as people
    inner join lifecycle.transitions as transitions on people.lead_id = transitions.lead_id
    order by
        people.person_id asc, transitions.cycle asc, transitions.stage asc, transitions.occurred_at asc,
        transitions.lead_id asc
);

-- A person is in the CRM when any of their leads is.
create or replace view lifecycle.leads_in_crm as
select known.lead_id
from delivery.external_ids as known
where
    known.target = 'crm'
    and known.learned_at > coalesce(
        (
            select max(ending.occurred_at) from lifecycle.current_transitions as ending
            where ending.lead_id = known.lead_id and ending.stage in ('won', 'lost')
        ), '-infinity'
    )
union all
select wanted.lead_id
from delivery.outbox as wanted
where
    wanted.target = 'crm'
    and wanted.operation = 'create_lead'
    and wanted.state in ('pending', 'sending', 'done')
    and wanted.created_at > coalesce(
        (
            select max(ending.occurred_at) from lifecycle.current_transitions as ending
            where ending.lead_id = wanted.lead_id and ending.stage in ('won', 'lost')
        ), '-infinity'
    )
union all
select people.person_id as lead_id
from identity.people as people
inner join delivery.external_ids as known on people.lead_id = known.lead_id and known.target = 'crm'
where
    people.lead_id <> people.person_id
    and known.learned_at > coalesce(
        (
            select max(ending.occurred_at) from lifecycle.current_transitions as ending
            where ending.lead_id = people.person_id and ending.stage in ('won', 'lost')
        ), '-infinity'
    )
union all
select people.person_id as lead_id
from identity.people as people
inner join delivery.outbox as wanted on people.lead_id = wanted.lead_id
where
    people.lead_id <> people.person_id
    and wanted.target = 'crm'
    and wanted.operation = 'create_lead'
    and wanted.state in ('pending', 'sending', 'done')
    and wanted.created_at > coalesce(
        (
            select max(ending.occurred_at) from lifecycle.current_transitions as ending
            where ending.lead_id = people.person_id and ending.stage in ('won', 'lost')
        ), '-infinity'
    );

-- What the CRM calls a lead, and of a person who has none under their oldest lead, what it calls the next.
create view lifecycle.crm_leads as
select
    known.lead_id,
    known.lead_id as holder_id,
    known.external_id
from delivery.external_ids as known
where known.target = 'crm'
union all
(
    select distinct on (people.person_id)
        people.person_id as lead_id,
        people.lead_id as holder_id,
        known.external_id
    from identity.people as people
    inner join delivery.external_ids as known on people.lead_id = known.lead_id and known.target = 'crm'
    where
        not exists (
            select from delivery.external_ids as own
            where own.target = 'crm' and own.lead_id = people.person_id
        )
    order by people.person_id asc, people.lead_id asc
);

-- Filled by identity when a lead's person changes, emptied by lifecycle.
create table lifecycle.regroupings (
    regrouping_id bigint generated always as identity primary key,
    lead_id bigint not null
);

alter table sla.inbox add column is_regrouped boolean not null default false;
comment on column sla.inbox.is_regrouped is 'Whose cycle it is has changed: its clocks start anew';

alter table routing.inbox drop constraint inbox_why_check;
alter table routing.inbox add constraint inbox_why_check check (why in ('mql', 'breach', 'merge'));

-- Where cycles were that count for another lead of the same person now; they come back when the leads are split.
create table routing.set_aside (like routing.leads including comments);
alter table routing.set_aside add column kept_by bigint;
alter table routing.set_aside add primary key (lead_id, cycle);
comment on column routing.set_aside.kept_by is 'The lead that goes on in its place; null: it had a place of its own';
