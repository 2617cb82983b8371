-- Gives leads their person (null: themselves), and tells scoring and lifecycle of all whose score or story changes.
with regrouped as (
    select * from unnest(%(leads)s::bigint[], %(persons)s::bigint[]) as regrouped (lead_id, person_id)
),

gone as (
    delete from identity.people
    using regrouped
    where people.lead_id = regrouped.lead_id and regrouped.person_id is null
),

come as (
    insert into identity.people (lead_id, person_id)
    select
        lead_id,
        person_id
    from regrouped
    where person_id is not null
    on conflict (lead_id) do update set person_id = excluded.person_id
),

told as (
    update identity.leads
    set merged_into = nullif(regrouped.person_id, regrouped.lead_id)
    from regrouped
    where
        leads.lead_id = regrouped.lead_id
        and leads.merged_into is distinct from nullif(regrouped.person_id, regrouped.lead_id)
),

woken as (
    insert into scoring.inbox (lead_id, lane)
    select
        lead_id,
        %(lane)s
    from unnest(%(affected)s::bigint[]) as affected (lead_id)
    order by lead_id
)

insert into lifecycle.regroupings (lead_id)
select lead_id
from unnest(%(affected)s::bigint[]) as affected (lead_id)
order by lead_id
