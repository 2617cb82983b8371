-- The leads whose events and attributes tell of each moment, since when they were known to be the same person, and of
-- the moment what each of their events is compared with.
create temporary table if not exists sources (
    place integer not null,
    lead_id bigint not null,
    known_from timestamptz not null,
    at timestamptz not null,
    known_at timestamptz not null,
    history_until timestamptz
) on commit delete rows
