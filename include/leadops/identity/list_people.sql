select
    leads.lead_id,
    people.person_id,
    leads.merged_into
from identity.leads as leads
left join identity.people as people on leads.lead_id = people.lead_id
where people.person_id is not null or leads.merged_into is not null
