create temporary table if not exists touched (
    lead_id bigint not null
) on commit delete rows
