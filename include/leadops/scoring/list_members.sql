-- A lead's own count for it, and those of the leads that were joined to it; nothing counts for a lead that was joined
-- to an older one.
insert into members (lead_id, member_id, is_alone)
select
    touched.lead_id,
    touched.lead_id as member_id,
    true
from touched
where not exists (select from identity.people as people where people.lead_id = touched.lead_id)
union all
select
    people.person_id,
    people.lead_id,
    false
from touched
inner join identity.people as people on touched.lead_id = people.person_id
