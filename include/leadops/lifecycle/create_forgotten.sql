create temporary table if not exists forgotten (
    lead_id bigint not null,
    cycle integer not null,
    stage text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null
) on commit delete rows
