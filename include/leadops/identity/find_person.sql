-- The person that a lead is, by their oldest lead.
select
    leads.lead_id,
    leads.email,
    leads.created_at,
    accounts.domain,
    (select count(*) from identity.person_events as events where events.lead_id = leads.lead_id) as events,
    array(
        select people.lead_id from identity.people as people
        where people.person_id = leads.lead_id
        order by people.lead_id
    ) as members
from identity.leads as leads
left join identity.accounts as accounts on leads.account_id = accounts.account_id
where leads.lead_id = coalesce(
    (select own.person_id from identity.people as own where own.lead_id = %(lead_id)s), %(lead_id)s
)
