create temporary table if not exists linked (
    kind text not null,
    value text not null,
    lead_id bigint not null,
    made_in integer not null
) on commit delete rows
