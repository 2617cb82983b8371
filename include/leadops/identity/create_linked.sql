create temporary table if not exists linked (
    kind text not null,
    value text not null,
    lead_id bigint not null,
    event_seq bigint not null,
    until_seq bigint,
    confirmed_seq bigint
) on commit delete rows
