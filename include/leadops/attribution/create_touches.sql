create temporary table if not exists attribution_touches (
    seq bigint not null,
    lead_id bigint,
    ts timestamptz not null,
    campaign text,
    channel text,
    is_conversion boolean not null,
    cents bigint not null
) on commit delete rows;
create temporary table if not exists attribution_names (
    name_id integer not null,
    campaign text,
    channel text
) on commit delete rows;
truncate attribution_touches, attribution_names
