create temporary table if not exists placed (
    event_seq bigint not null,
    lead_id bigint not null
) on commit delete rows
