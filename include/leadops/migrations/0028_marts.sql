-- Marts: what leadops publishes for analysts and other systems. contract.yaml of the room says what each column means.
create schema mart;

-- Filled by triggers in the transaction that changes a row, emptied by publish_changes. It has no key and no index, so
-- that a note costs little.
create table mart.inbox (
    mart text not null,
    id bigint not null,
    noted_at timestamptz not null default now()
);
comment on table mart.inbox is 'A row of a mart that may have changed since its newest version';

create table mart.versions (
    change_number bigint generated always as identity,
    mart text not null check (char_length(mart) <= 40),
    id bigint not null,
    row_key text not null check (char_length(row_key) <= 260),
    version integer not null check (version > 0),
    happened_at timestamptz not null,
    known_at timestamptz not null,
    is_deleted boolean not null,
    content jsonb not null,
    primary key (mart, change_number)
);
comment on table mart.versions is
'What a row of a mart said, and since when that is known; a correction is another row with the next version';
comment on column mart.versions.change_number is
'The order of commits: every writer holds the advisory lock of marts until it commits';
comment on column mart.versions.id is 'With row_key: the key of the row, see contract.yaml';
comment on column mart.versions.content is 'The row of the mart; of one that is gone, what it said last';
create unique index versions_key on mart.versions (mart, id, row_key, version);

create view mart.ledger as
select
    seq as ledger_id,
    lead_id,
    occurred_at as happened_at,
    recorded_at as known_at,
    points,
    dimension,
    kind,
    rule,
    reason,
    event_seq as touch_id,
    rule_set_id,
    reverses as reverses_ledger_id,
    is_live
from scoring.ledger
where not exists (select from identity.canary_leads as canaries where canaries.lead_id = ledger.lead_id);

create view mart.leads as
select
    leads.lead_id,
    coalesce(leads.merged_into, leads.lead_id) as person_id,
    leads.created_at as happened_at,
    coalesce(leads.recorded_at, leads.created_at) as known_at,
    coalesce(
        leads.campaign,
        (
            select first_event.payload #>> '{context,utm,campaign}'
            from cdp.events as first_event
            where first_event.seq = leads.first_event_seq
        )
    ) as campaign,
    coalesce(
        leads.source,
        (
            select first_event.payload #>> '{context,utm,source}'
            from cdp.events as first_event
            where first_event.seq = leads.first_event_seq
        )
    ) as source,
    leads.account_id,
    leads.first_event_seq is null as is_imported,
    leads.only_claimed as is_claimed,
    people.person_id is not null as is_merged,
    uncounted.lead_id is null as counts,
    leads.erased_at
from identity.leads as leads
left join identity.people as people on leads.lead_id = people.lead_id
left join identity.uncounted_leads as uncounted on leads.lead_id = uncounted.lead_id
where not exists (select from identity.canary_leads as canaries where canaries.lead_id = leads.lead_id);

create view mart.transitions as
select
    reached.lead_id,
    reached.cycle,
    reached.stage,
    reached.occurred_at as happened_at,
    reached.recorded_at as known_at,
    coalesce(people.person_id, reached.lead_id) as person_id,
    coalesce(numbers.person_cycle, reached.cycle) as person_cycle,
    people.person_id is not null as is_merged,
    uncounted.lead_id is null as counts,
    reached.campaign,
    reached.source,
    reached.evidence ->> 'rep_id' as rep_id,
    (reached.evidence ->> 'total')::integer as score,
    reached.value,
    reached.evidence ? 'currency' as is_foreign,
    lifecycle.is_apart(reached.evidence) as is_apart,
    coalesce((reached.evidence ->> 'backfill')::boolean, false) as is_backfill,
    reached.evidence ? 'imported' as is_imported,
    reached.evidence ? 'recorded_at' as is_dated_by_export,
    reached.kpi_version
from lifecycle.transitions as reached
left join identity.people as people on reached.lead_id = people.lead_id
left join lifecycle.person_cycles as numbers on people.lead_id = numbers.lead_id and reached.cycle = numbers.cycle
left join identity.uncounted_leads as uncounted on reached.lead_id = uncounted.lead_id
where not exists (select from identity.canary_leads as canaries where canaries.lead_id = reached.lead_id);

create view mart.stages as
select
    reached.lead_id as person_id,
    reached.cycle as person_cycle,
    reached.stage,
    reached.occurred_at as happened_at,
    reached.recorded_at as known_at,
    reached.own_lead_id as lead_id,
    reached.own_cycle as cycle,
    reached.campaign,
    reached.source,
    reached.evidence ->> 'rep_id' as rep_id,
    (reached.evidence ->> 'total')::integer as score,
    reached.value,
    reached.evidence ? 'currency' as is_foreign,
    lifecycle.is_apart(reached.evidence) as is_apart,
    reached.is_counted,
    coalesce((reached.evidence ->> 'backfill')::boolean, false) as is_backfill,
    reached.evidence ? 'imported' as is_imported,
    reached.evidence ? 'recorded_at' as is_dated_by_export,
    reached.kpi_version
from lifecycle.judged_transitions as reached;

create view mart.touches as
select
    resolved.event_seq as touch_id,
    resolved.lead_id,
    events.ts as happened_at,
    events.received_at as known_at,
    events.event as kind,
    events.payload #>> '{context,utm,campaign}' as campaign,
    events.payload #>> '{context,utm,source}' as source,
    events.payload #>> '{context,utm,medium}' as medium,
    events.is_history,
    not exists (
        select from machines.uncounted_acts as uncounted
        where uncounted.event_seq = resolved.event_seq
    ) as counts
from identity.resolved_events as resolved
inner join cdp.events as events on resolved.event_seq = events.seq
where not exists (select from identity.canary_leads as canaries where canaries.lead_id = resolved.lead_id);

create view mart.responses as
select
    facts.lead_id,
    facts.cycle,
    facts.fact as kind,
    facts.occurred_at as happened_at,
    coalesce(
        (
            select activities.recorded_at
            from crm.activities as activities
            where activities.activity_id = facts.activity_id
        ),
        facts.occurred_at
    ) as known_at,
    facts.rep_id
from lifecycle.facts as facts;

create view mart.assignments as
select
    assignment_id,
    lead_id,
    cycle,
    number,
    assigned_at as happened_at,
    assigned_at as known_at,
    rep_id,
    queue,
    why,
    cause,
    rule,
    waited_minutes,
    is_backfill
from routing.assignments;

create view mart.owners as
select
    lead_id,
    cycle,
    since as happened_at,
    since as known_at,
    state,
    rep_id,
    queue,
    is_backfill
from routing.leads;

create view mart.clocks as
select
    lead_id,
    cycle,
    clock,
    started_at as happened_at,
    started_at as known_at,
    due_at,
    stopped_at,
    business_minutes,
    target_minutes
from sla.clocks;

create view mart.sends as
select
    sends.membership_id,
    sends.step,
    sends.lead_id,
    sends.decided_at as happened_at,
    sends.decided_at as known_at,
    members.programme,
    members.version as programme_version,
    members.entered_at,
    sends.due_at,
    sends.state,
    sends.reason,
    sends.tries::integer as tries
from nurture.sends as sends
inner join nurture.memberships as members on sends.membership_id = members.membership_id;

create view mart.costs as
select
    cost_id,
    (month::timestamp at time zone 'UTC') as happened_at,
    recorded_at as known_at,
    month,
    campaign,
    category,
    amount,
    currency,
    hours
from economics.costs;

create view mart.decisions as
select
    'threshold' as kind,
    threshold_id as decision_id,
    proposed_at as happened_at,
    proposed_at as known_at,
    day,
    decided_by as outcome,
    reason,
    answer,
    effective_at,
    value as threshold,
    sla_minutes,
    null::integer as model_id
from lifecycle.thresholds
union all
select
    'model' as kind,
    decision_id,
    decided_at as happened_at,
    decided_at as known_at,
    day,
    outcome,
    reason,
    null as answer,
    decided_at as effective_at,
    null as threshold,
    null as sla_minutes,
    champion_id as model_id
from training.decisions;

create view mart.incidents as
select
    incident_id,
    kind,
    subject,
    opened_at as happened_at,
    opened_at as known_at,
    state,
    acknowledged_at,
    escalated_at,
    resolved_at
from incidents.incidents;

-- Personal data: these two views only. Of their rows the newest version is kept alone.
create view mart.addresses as
select
    lead_id,
    email,
    created_at as happened_at,
    coalesce(recorded_at, created_at) as known_at
from identity.leads
where
    email is not null
    and not exists (select from identity.canary_leads as canaries where canaries.lead_id = leads.lead_id);

create view mart.traits as
select
    traits.lead_id,
    traits.trait,
    case when isfinite(traits.ts) then traits.ts else leads.created_at end as happened_at,
    coalesce(
        (
            select events.received_at
            from cdp.events as events
            where events.event_id = traits.event_id
        ),
        leads.recorded_at,
        leads.created_at
    ) as known_at,
    traits.value #>> '{}' as value
from identity.traits as traits
inner join identity.leads as leads on traits.lead_id = leads.lead_id
where not exists (select from identity.canary_leads as canaries where canaries.lead_id = traits.lead_id);

-- What is known now of every mart that has versions: the id by which changes are noted, and the rest of the key.
create view mart.present_rows as
select
    'leads' as mart,
    leads.lead_id as id,
    '' as row_key,
    leads.happened_at,
    leads.known_at,
    to_jsonb(leads) as content
from mart.leads as leads
union all
select
    'transitions' as mart,
    transitions.lead_id as id,
    transitions.cycle || '/' || transitions.stage as row_key,
    transitions.happened_at,
    transitions.known_at,
    to_jsonb(transitions) as content
from mart.transitions as transitions
union all
select
    'responses' as mart,
    responses.lead_id as id,
    responses.cycle || '/' || responses.kind as row_key,
    responses.happened_at,
    responses.known_at,
    to_jsonb(responses) as content
from mart.responses as responses
union all
select
    'assignments' as mart,
    assignments.assignment_id as id,
    '' as row_key,
    assignments.happened_at,
    assignments.known_at,
    to_jsonb(assignments) as content
from mart.assignments as assignments
union all
select
    'sends' as mart,
    sends.membership_id as id,
    sends.step as row_key,
    sends.happened_at,
    sends.known_at,
    to_jsonb(sends) as content
from mart.sends as sends
union all
select
    'costs' as mart,
    costs.cost_id as id,
    '' as row_key,
    costs.happened_at,
    costs.known_at,
    to_jsonb(costs) as content
from mart.costs as costs
union all
select
    'decisions' as mart,
    decisions.decision_id as id,
    decisions.kind as row_key,
    decisions.happened_at,
    decisions.known_at,
    to_jsonb(decisions) as content
from mart.decisions as decisions
union all
select
    'incidents' as mart,
    incidents.incident_id as id,
    '' as row_key,
    incidents.happened_at,
    incidents.known_at,
    to_jsonb(incidents) as content
from mart.incidents as incidents
union all
select
    'addresses' as mart,
    addresses.lead_id as id,
    '' as row_key,
    addresses.happened_at,
    addresses.known_at,
    to_jsonb(addresses) as content
from mart.addresses as addresses
union all
select
    'traits' as mart,
    traits.lead_id as id,
    traits.trait as row_key,
    traits.happened_at,
    traits.known_at,
    to_jsonb(traits) as content
from mart.traits as traits;

-- The versions of a mart with its own columns. What they said of known_at is replaced by that of the version.
create view mart.lead_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.leads, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'leads';

create view mart.transition_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.transitions, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'transitions';

create view mart.response_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.responses, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'responses';

create view mart.assignment_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.assignments, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'assignments';

create view mart.send_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.sends, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'sends';

create view mart.cost_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.costs, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'costs';

create view mart.decision_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.decisions, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'decisions';

create view mart.incident_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.incidents, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'incidents';

create view mart.address_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.addresses, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'addresses';

create view mart.trait_versions as
select
    versions.change_number,
    versions.version,
    versions.is_deleted,
    told.*
from mart.versions as versions
cross join
    lateral jsonb_populate_record(
        null::mart.traits, versions.content || jsonb_build_object('known_at', versions.known_at)
    ) as told
where versions.mart = 'traits';
