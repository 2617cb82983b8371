create temporary table if not exists fades (
    lead_id bigint not null,
    points bigint not null,
    worth bigint not null,
    taken bigint not null,
    due_on date not null
) on commit delete rows
