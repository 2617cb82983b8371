-- Whom to look at, and as of when. `at` is the moment itself, `known_at` when it was known of; `holder` is the lead
-- of the person whose moment it was, where the person turned out to have several.
create temporary table if not exists moments (
    place integer primary key,
    lead_id bigint not null,
    holder bigint not null,
    cycle integer not null,
    at timestamptz not null,
    known_at timestamptz not null,
    history_until timestamptz,
    is_reached boolean not null
) on commit delete rows
