select
    leads.lead_id,
    coalesce(scores.fit, 0) as fit,
    coalesce(scores.behaviour, 0) as behaviour,
    coalesce(scores.model, 0) as model,
    coalesce(scores.total, 0) as total
from identity.leads as leads
left join scoring.scores as scores on leads.lead_id = scores.lead_id
where
    leads.lead_id = %(lead_id)s
    or leads.lead_id = (
        select coalesce(people.person_id, aliases.lead_id)
        from identity.aliases as aliases
        left join identity.people as people on aliases.lead_id = people.lead_id
        where aliases.kind = 'email' and aliases.value = %(email)s
    )
