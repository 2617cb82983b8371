-- name: touch_leads_with_acts
-- Of a person, the oldest lead.
insert into touched (lead_id)
select distinct coalesce(people.person_id, acts.lead_id) as lead_id
from machines.acts as acts
left join identity.people as people on acts.lead_id = people.lead_id
where acts.ts >= %(since)s and coalesce(people.person_id, acts.lead_id) > %(after)s
order by lead_id
limit %(chunk_size)s;
