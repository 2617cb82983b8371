-- name: touch_leads_with_acts
-- Of a person, the oldest lead; of an erased lead the evidence is gone, and nothing would change.
insert into touched (lead_id)
select distinct coalesce(people.person_id, acts.lead_id) as lead_id
from machines.acts as acts
left join identity.people as people on acts.lead_id = people.lead_id
where
    acts.ts >= %(since)s
    and coalesce(people.person_id, acts.lead_id) > %(after)s
    and not exists (
        select from identity.leads as gone
        where gone.lead_id = acts.lead_id and gone.erased_at is not null
    )
order by lead_id
limit %(chunk_size)s;
