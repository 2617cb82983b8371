-- Facts that were known of a lead at its moment, one for each feature.
create temporary table if not exists told (
    place integer not null,
    feature integer not null,
    value text not null
) on commit delete rows
