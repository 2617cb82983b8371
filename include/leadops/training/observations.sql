-- name: configure_planner
-- Wide sorts and hashes in memory; compiling the statements costs more than it saves.
select
    set_config('work_mem', '256MB', true),
    set_config('jit', 'off', true);

-- name: create_observations
-- One row a lead and the moment as of which it is observed. `at` is the moment, `known_at` when it was recorded;
-- `own_lead_id` is the lead that had the moment, where its person turned out to have several leads.
create temporary table if not exists observations (
    place integer primary key,
    lead_id bigint not null,
    own_lead_id bigint not null,
    cycle integer not null,
    at timestamptz not null,
    known_at timestamptz not null,
    history_until timestamptz,
    is_reached boolean not null
) on commit delete rows;

-- name: create_identities
-- The leads of the person of each observation, since when they were known to be the same person, and the times of
-- the observation with which their events are compared.
create temporary table if not exists identities (
    place integer not null,
    lead_id bigint not null,
    known_from timestamptz not null,
    at timestamptz not null,
    known_at timestamptz not null,
    history_until timestamptz
) on commit delete rows;

-- name: create_unlinked_visitors
-- Identifiers that were linked to the lead only after the observation.
create temporary table if not exists unlinked_visitors (
    place integer not null,
    kind text not null,
    value text not null
) on commit delete rows;

-- name: create_events_seen
-- Events that were known to be the lead's at the observation. `name`: place among the names asked for, 0 for others;
-- `age`: days before the observation.
create temporary table if not exists events_seen (
    place integer not null,
    name integer not null,
    age real not null,
    event_seq bigint not null
) on commit delete rows;

-- name: create_profile_values
-- Values that were known about the lead at the observation, one a feature.
create temporary table if not exists profile_values (
    place integer not null,
    feature integer not null,
    value text not null
) on commit delete rows;

-- name: clear_tables
truncate observations, identities, unlinked_visitors, events_seen, profile_values;

-- name: fill_mature_leads
-- MQLs whose horizon was over by the end of the day, as known by then. An MQL that reached the goal early waits
-- for its horizon too: otherwise the newest leads would all be successes.
with mqls as materialized (
    select
        person_id,
        lead_id,
        person_cycle,
        happened_at,
        known_at,
        is_imported,
        is_dated_by_export
    from mart.stages
    where
        stage = 'mql'
        and is_counted
        and known_at < %(until)s
        and happened_at >= %(since)s
        and happened_at <= %(until)s::timestamptz - %(horizon)s::interval
),

-- A goal before its MQL does not count.
reached as (
    select distinct
        mqls.person_id,
        mqls.person_cycle
    from mqls
    inner join mart.stages as goal
        on mqls.person_id = goal.person_id and mqls.person_cycle = goal.person_cycle
    where
        goal.stage = any(%(goal)s)
        and goal.known_at < %(until)s
        and goal.happened_at >= mqls.happened_at
        and goal.happened_at <= mqls.happened_at + %(horizon)s::interval
)

insert into observations (place, lead_id, own_lead_id, cycle, at, known_at, history_until, is_reached)
select
    row_number() over (order by mqls.happened_at, mqls.person_id, mqls.person_cycle) - 1,
    mqls.person_id,
    mqls.lead_id,
    mqls.person_cycle,
    mqls.happened_at,
    mqls.known_at,
    -- An imported MQL was recorded long afterwards; imported events count as known in their own time. Where its export
    -- says when it was recorded, they do so whenever they came in.
    case when mqls.is_dated_by_export then 'infinity' when mqls.is_imported then %(until)s::timestamptz end,
    reached.person_id is not null
from mqls
left join reached on mqls.person_id = reached.person_id and mqls.person_cycle = reached.person_cycle;

-- name: fill_active_leads
-- People of a range of ids with an event in the last days, as of now.
insert into observations (place, lead_id, own_lead_id, cycle, at, known_at, is_reached)
select
    row_number() over (order by leads.lead_id) - 1,
    leads.lead_id,
    leads.lead_id as own_lead_id,
    0 as cycle,
    %(now)s as at,
    %(now)s as known_at,
    false as is_reached
from identity.leads as leads
where
    leads.lead_id > %(after)s
    and leads.lead_id <= %(up_to)s
    and leads.created_at <= %(now)s
    and leads.merged_into is null
    and leads.email is not null -- the MA never learns of a lead without an address, so its points would wait for good
    and not exists (
        select from identity.uncounted_leads as uncounted
        where uncounted.lead_id = leads.lead_id
    )
    and exists (
        select from identity.person_events as resolved
        inner join cdp.events as events on resolved.event_seq = events.seq
        where
            resolved.lead_id = leads.lead_id
            and events.ts > %(now)s - %(active)s::interval
            and events.ts <= %(now)s
            and events.received_at <= %(now)s
            and not exists (
                select from machines.uncounted_acts as uncounted where uncounted.event_seq = resolved.event_seq
            )
    );

-- name: count_late
-- How many leads have each attribute, and for how many it became known only after the observation.
select
    attributes.attribute,
    count(*) as leads,
    count(*) filter (where attributes.known_at is null or attributes.known_at > observations.at) as late
from observations
inner join identities on observations.place = identities.place
inner join history.attributes as attributes on identities.lead_id = attributes.lead_id
where attributes.attribute = any(%(attributes)s) and attributes.value <> 'null'
group by attributes.attribute
order by attributes.attribute;
