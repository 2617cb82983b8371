-- How many identifiers the leads have that this chunk may give more.
with leads as (
    select distinct known.lead_id
    from chunk
    cross join
        lateral (
            values (chunk.lead_id), (chunk.enrichment_lead), (chunk.user_lead), (chunk.anonymous_lead)
        ) as known (lead_id)
    where chunk.is_link and known.lead_id > 0
)

select
    leads.lead_id,
    count(*) as identifiers
from leads
inner join identity.aliases as aliases on leads.lead_id = aliases.lead_id
where aliases.kind not in ('email', 'crm_id')
group by leads.lead_id
