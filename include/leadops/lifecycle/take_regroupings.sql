-- Leads whose person has changed since the last run, with all leads of their persons. Where an MQL may have to be
-- taken back, the lead's points must have been corrected first.
with taken as (
    delete from lifecycle.regroupings
    where
        not exists (select from scoring.inbox as waiting where waiting.lead_id = regroupings.lead_id)
        or not exists (
            select from lifecycle.transitions as reached
            where reached.lead_id = regroupings.lead_id and reached.stage = 'mql' and reached.evidence ? 'joined'
        )
    returning regroupings.lead_id
)

select lead_id
from taken
union
select others.lead_id
from taken
inner join identity.people as own on taken.lead_id = own.lead_id
inner join identity.people as others on own.person_id = others.person_id
order by lead_id
