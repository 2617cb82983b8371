-- Activities that came before their lead was known are looked at again.
with linked as (
    insert into lifecycle.links (crm_lead_id, lead_id, linked_at)
    select
        given.crm_lead_id,
        min(given.lead_id),
        %(now)s::timestamptz
    from unnest(%(leads)s::bigint[], %(ids)s::text[]) as given (lead_id, crm_lead_id)
    group by given.crm_lead_id
    on conflict (crm_lead_id) do nothing
    returning crm_lead_id
)

insert into lifecycle.inbox (activity_id)
select activities.activity_id
from linked
inner join crm.activities as activities on linked.crm_lead_id = activities.crm_lead_id
