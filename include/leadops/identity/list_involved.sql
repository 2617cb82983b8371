select
    leads.lead_id,
    leads.email,
    leads.created_at,
    people.person_id
from involved
inner join identity.leads as leads on involved.lead_id = leads.lead_id
left join identity.people as people on involved.lead_id = people.lead_id
