-- The leads whose events and attributes tell of each moment, and since when they were known to be the same person.
create temporary table if not exists sources (
    place integer not null,
    lead_id bigint not null,
    known_from timestamptz not null
) on commit delete rows
