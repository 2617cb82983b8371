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
