create temp table if not exists day_cycles (
    lead_id bigint not null,
    cycle integer not null,
    campaign text,
    is_quiet boolean not null,
    is_imported boolean not null,
    mql_at timestamptz not null,
    sal_at timestamptz,
    sal_recorded_at timestamptz,
    rep_id text,
    sql_at timestamptz,
    won_at timestamptz,
    lost_at timestamptz
) on commit delete rows;

create temp table if not exists day_responses (
    lead_id bigint not null,
    cycle integer not null,
    rep_id text,
    campaign text,
    is_quiet boolean not null,
    mql_at timestamptz not null,
    sal_at timestamptz,
    ended_at timestamptz,
    working_minutes double precision,
    wall_minutes double precision,
    cause text
) on commit delete rows;
