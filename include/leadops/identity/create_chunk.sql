create temporary table if not exists chunk (
    event_seq bigint not null,
    email text,
    enrichment_id text,
    user_id text,
    anonymous_id text,
    enrichment_lead bigint,
    user_lead bigint,
    anonymous_lead bigint,
    tells_traits boolean not null,
    is_link boolean not null,
    lead_id bigint,
    is_filed boolean not null default false,
    lane smallint not null default 0
) on commit delete rows
