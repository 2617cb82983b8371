-- Links the CRM's ids of all leads of a person. A lead of a later cycle may get another CRM id: wait on until the
-- creation of each is settled.
with awaited as (
    select
        unlinked.lead_id,
        unlinked.cycle,
        unlinked.lead_id as member_id
    from lifecycle.unlinked as unlinked
    union
    select
        unlinked.lead_id,
        unlinked.cycle,
        others.lead_id as member_id
    from lifecycle.unlinked as unlinked
    inner join identity.people as own on unlinked.lead_id = own.lead_id
    inner join identity.people as others on own.person_id = others.person_id
),

found as (
    select
        awaited.lead_id,
        awaited.cycle,
        awaited.member_id,
        external_ids.external_id,
        exists(
            select 1 from delivery.outbox as creating
            where
                creating.target = 'crm'
                and creating.operation = 'create_lead'
                and creating.lead_id = awaited.member_id
                and creating.state in ('pending', 'sending')
        ) as is_open,
        coalesce(outbox.state = 'dropped', false) as is_dropped
    from awaited
    left join delivery.external_ids as external_ids
        on external_ids.target = 'crm' and awaited.member_id = external_ids.lead_id
    left join delivery.outbox as outbox
        on outbox.idempotency_key = 'crm-lead-' || awaited.lead_id || '-' || awaited.cycle
),

linked as (
    insert into lifecycle.links (crm_lead_id, lead_id, linked_at)
    select
        external_id,
        min(member_id),
        %(now)s::timestamptz
    from found
    where external_id is not null
    group by external_id
    on conflict (crm_lead_id) do nothing
    returning lead_id
),

settled as (
    delete from lifecycle.unlinked
    using (
        select
            lead_id,
            cycle,
            (bool_or(external_id is not null) and not bool_or(is_open)) or bool_or(is_dropped) as is_settled
        from found
        group by lead_id, cycle
    ) as all_of
    where unlinked.lead_id = all_of.lead_id and unlinked.cycle = all_of.cycle and all_of.is_settled
    returning unlinked.lead_id
),

touched as (
    select lead_id from linked
    union
    select lead_id from settled
)

select distinct coalesce(people.person_id, touched.lead_id) as lead_id
from touched
left join identity.people as people on touched.lead_id = people.lead_id
