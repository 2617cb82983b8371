create temporary table if not exists chunk (
    event_seq bigint not null,
    email text,
    user_id text,
    anonymous_id text,
    tells_traits boolean not null,
    lead_id bigint,
    found_in integer,
    is_filed boolean not null default false
) on commit delete rows
