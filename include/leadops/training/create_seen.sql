-- Events that were known to be a lead's at its moment: their number among the names asked for, their age in days.
create temporary table if not exists seen (
    place integer not null,
    name integer not null,
    age real not null,
    event_seq bigint not null
) on commit delete rows
