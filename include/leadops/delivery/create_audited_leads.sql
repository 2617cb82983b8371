create temporary table audited_leads (
    external_id text primary key,
    score bigint not null
) on commit drop
