-- Whose events and traits count for the leads in `touched`.
create temporary table if not exists members (
    lead_id bigint not null,
    member_id bigint not null,
    is_alone boolean not null
) on commit delete rows
