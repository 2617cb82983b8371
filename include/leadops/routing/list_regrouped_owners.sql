-- Whom the CRM is to name for each lead of the people that leads count for now: who has the person's latest cycle.
-- A lead of which the CRM was told so last is left alone.
with persons as (
    select distinct coalesce(people.person_id, regrouped.lead_id) as person_id
    from unnest(%(leads)s::bigint[]) as regrouped (lead_id)
    left join identity.people as people on regrouped.lead_id = people.lead_id
),

members as (
    select
        person_id,
        person_id as lead_id
    from persons
    union
    select
        people.person_id,
        people.lead_id
    from persons
    inner join identity.people as people on persons.person_id = people.person_id
),

latest as (
    select distinct on (places.lead_id)
        places.lead_id as person_id,
        places.cycle,
        places.rep_id,
        places.is_quiet
    from persons
    inner join routing.leads as places on persons.person_id = places.lead_id
    order by places.lead_id asc, places.cycle desc
)

select
    members.lead_id,
    latest.cycle,
    latest.rep_id,
    latest.is_quiet
from members
inner join latest on members.person_id = latest.person_id
where
    latest.rep_id is not null
    and latest.rep_id is distinct from coalesce(
        (
            select wanted.payload ->> 'owner_id'
            from delivery.outbox as wanted
            where wanted.target = 'crm' and wanted.operation = 'set_owner' and wanted.lead_id = members.lead_id
            order by wanted.outbox_id desc
            limit 1
        ),
        (
            select told.rep_id
            from routing.assignments as told
            where told.lead_id = members.lead_id
            order by told.cycle desc, told.number desc
            limit 1
        )
    )
order by members.lead_id
