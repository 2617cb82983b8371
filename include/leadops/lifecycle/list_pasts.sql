-- The first contact of each lead, and the cycles that leadops saw begin itself, with the MQL of each.
select
    leads.lead_id,
    leads.created_at,
    leads.campaign,
    leads.source,
    coalesce(
        jsonb_agg(jsonb_build_array(mql.cycle, mql.occurred_at)) filter (where mql.cycle is not null), '[]'
    ) as live
from identity.leads as leads
left join lifecycle.transitions as mql
    on leads.lead_id = mql.lead_id and mql.stage = 'mql' and not mql.evidence ? 'imported'
where leads.lead_id = any(%(leads)s::bigint[])
group by leads.lead_id
