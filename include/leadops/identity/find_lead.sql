-- name: find_lead
select
    leads.lead_id,
    coalesce(people.person_id, leads.lead_id) as person_id
from identity.leads as leads
left join identity.people as people on leads.lead_id = people.lead_id
where
    leads.lead_id = coalesce(
        %(lead_id)s::bigint,
        (
            select aliases.lead_id from identity.aliases as aliases
            where aliases.kind = 'email' and aliases.value = %(email)s
        )
    );
