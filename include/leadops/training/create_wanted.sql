-- What the model says of the leads of a chunk.
create temporary table if not exists wanted (
    lead_id bigint primary key,
    probability double precision not null,
    points integer not null,
    parts integer[] not null
) on commit delete rows
