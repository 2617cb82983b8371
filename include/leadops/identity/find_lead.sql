select leads.lead_id
from identity.leads as leads
where
    leads.lead_id = coalesce(
        %(lead_id)s::bigint,
        (
            select aliases.lead_id from identity.aliases as aliases
            where aliases.kind = 'email' and aliases.value = %(email)s
        )
    )
