select
    leads.lead_id,
    leads.email,
    leads.created_at,
    accounts.domain,
    (select count(*) from identity.resolved_events as resolved where resolved.lead_id = leads.lead_id) as events
from identity.leads as leads
left join identity.accounts as accounts on leads.account_id = accounts.account_id
where
    leads.lead_id = coalesce(
        %(lead_id)s::bigint,
        (
            select aliases.lead_id from identity.aliases as aliases
            where aliases.kind = 'email' and aliases.value = %(email)s
        )
    )
