-- A link may not be made yet where the CRM has just answered.
select
    asked.crm_lead_id,
    coalesce(links.lead_id, known.lead_id) as lead_id
from unnest(%(ids)s::text[]) as asked (crm_lead_id)
left join lifecycle.links as links on asked.crm_lead_id = links.crm_lead_id
left join lateral (
    select min(external_ids.lead_id) as lead_id
    from delivery.external_ids as external_ids
    where external_ids.target = 'crm' and external_ids.external_id = asked.crm_lead_id
) as known on true
where coalesce(links.lead_id, known.lead_id) is not null
