-- Leads whose person has changed since the last run.
with taken as (
    delete from lifecycle.regroupings
    returning lead_id
)

select lead_id
from taken
union
select people.person_id
from taken
inner join identity.people as people on taken.lead_id = people.lead_id
