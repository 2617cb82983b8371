-- One look-up by key for each, whatever the number of all leads; those of whom nothing is known are not told.
select
    asked.lead_id,
    known.merged_into,
    known.account_id
from unnest(%(leads)s::bigint[]) as asked (lead_id)
cross join
    lateral (
        select
            leads.merged_into,
            leads.account_id
        from identity.leads as leads
        where leads.lead_id = asked.lead_id
        order by leads.lead_id
        limit 1
    ) as known
where known.merged_into is not null or known.account_id is not null
