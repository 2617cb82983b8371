create temporary table if not exists differences (
    lead_id bigint not null,
    event_seq bigint,
    rule text not null,
    dimension text not null,
    occurred_at timestamptz not null,
    points integer not null,
    kind text not null,
    reason text not null
) on commit delete rows
