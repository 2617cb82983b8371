-- An activity in the future (a planned meeting) is read now, as a plan, and again when it has happened.
with due as (
    select
        inbox.inbox_id,
        activities.crm_lead_id,
        activities.occurred_at,
        coalesce(activities.occurred_at > %(now)s, false) as is_planned
    from lifecycle.inbox as inbox
    left join crm.activities as activities on inbox.activity_id = activities.activity_id
    where inbox.not_before is null or inbox.not_before <= %(now)s
),

planned as (
    update lifecycle.inbox set not_before = due.occurred_at
    from due
    where inbox.inbox_id = due.inbox_id and due.is_planned
),

done as (
    delete from lifecycle.inbox
    using due
    where inbox.inbox_id = due.inbox_id and not due.is_planned
)

select distinct coalesce(people.person_id, links.lead_id) as lead_id
from due
inner join lifecycle.links as links on due.crm_lead_id = links.crm_lead_id
left join identity.people as people on links.lead_id = people.lead_id
