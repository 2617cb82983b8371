create temporary table if not exists involved (
    lead_id bigint primary key
) on commit delete rows
