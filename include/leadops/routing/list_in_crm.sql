-- Which leads the CRM knows, or is about to. Whose deals ended before leadops routed them keep whom the CRM names.
select leads.lead_id
from unnest(%(leads)s::bigint[]) as leads (lead_id)
where
    (
        exists (
            select from delivery.external_ids as known
            where known.target = 'crm' and known.lead_id = leads.lead_id
        )
        or exists (
            select from delivery.outbox as creating
            where
                creating.target = 'crm'
                and creating.operation = 'create_lead'
                and creating.lead_id = leads.lead_id
                and creating.state in ('pending', 'sending')
        )
    )
    and (
        exists (select from routing.assignments as own where own.lead_id = leads.lead_id)
        or not exists (
            select from lifecycle.transitions as ended
            where
                ended.lead_id = leads.lead_id
                and ended.stage in ('won', 'lost')
                and ended.evidence ? 'imported'
        )
    )
order by leads.lead_id
