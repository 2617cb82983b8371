-- The oldest lead of the person that a lead or an email is.
select coalesce(people.person_id, leads.lead_id) as lead_id
from identity.leads as leads
left join identity.people as people on leads.lead_id = people.lead_id
where leads.lead_id = %(lead_id)s or leads.email = %(email)s
