-- Identifiers of which it became known only after the moment that they are the lead's.
create temporary table if not exists strangers (
    place integer not null,
    kind text not null,
    value text not null
) on commit delete rows
