-- name: list_leads_in_crm
-- The leads that the CRM has, or that an open operation creates there. A lead whose imported deals ended before
-- leadops routed it is left out: the CRM's owner stays.
select leads.lead_id
from unnest(%(leads)s::bigint[]) as leads (lead_id)
where
    (
        exists (
            select from delivery.external_ids as known
            where known.target = 'crm' and known.lead_id = leads.lead_id
        )
        or exists (
            select from delivery.outbox as creating
            where
                creating.target = 'crm'
                and creating.operation = 'create_lead'
                and creating.lead_id = leads.lead_id
                and creating.state in ('pending', 'sending')
        )
    )
    and (
        exists (select from routing.assignments as own where own.lead_id = leads.lead_id)
        or not exists (
            select from lifecycle.transitions as ended
            where
                ended.lead_id = leads.lead_id
                and ended.stage in ('won', 'lost')
                and ended.evidence ? 'imported'
        )
    )
order by leads.lead_id;

-- name: list_person_owners
-- The owner of each lead of the people to whom `leads` belong now: the owner of the person's latest cycle. Leads whose
-- CRM owner was last requested as the same one are left out.
with persons as (
    select distinct coalesce(people.person_id, merged.lead_id) as person_id
    from unnest(%(leads)s::bigint[]) as merged (lead_id)
    left join identity.people as people on merged.lead_id = people.lead_id
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
        places.is_backfill
    from persons
    inner join routing.leads as places on persons.person_id = places.lead_id
    order by places.lead_id asc, places.cycle desc
)

select
    members.lead_id,
    latest.cycle,
    latest.rep_id,
    latest.is_backfill
from members
inner join latest on members.person_id = latest.person_id
where
    latest.rep_id is not null
    and latest.rep_id is distinct from coalesce(
        (
            select requested.payload ->> 'owner_id'
            from delivery.outbox as requested
            where requested.target = 'crm' and requested.operation = 'set_owner' and requested.lead_id = members.lead_id
            order by requested.outbox_id desc
            limit 1
        ),
        (
            select assigned.rep_id
            from routing.assignments as assigned
            where assigned.lead_id = members.lead_id
            order by assigned.cycle desc, assigned.number desc
            limit 1
        )
    )
order by members.lead_id;

-- name: insert_notice
insert into routing.notices (assignment_id, created_at) values (%(assignment_id)s, %(now)s);

-- name: drop_superseded_notices
update routing.notices
set state = 'dropped', settled_at = %(now)s, reason = 'the lead has moved on'
from routing.assignments as assigned
where
    notices.assignment_id = assigned.assignment_id
    and assigned.lead_id in (
        select %(lead_id)s::bigint
        union all
        select people.lead_id from identity.people as people
        where people.person_id = %(lead_id)s
    )
    and assigned.cycle = %(cycle)s
    and notices.state = 'open'
    and notices.unknown_since is null;

-- name: drop_merged_notices
-- Drops unsent notices to salespeople who do not own the lead any more: its place is set aside, or is removed.
with stale as (
    select assigned.assignment_id
    from routing.assignments as assigned
    inner join routing.set_aside as aside on assigned.lead_id = aside.lead_id and assigned.cycle = aside.cycle
    inner join identity.people as people on aside.lead_id = people.lead_id
    left join lifecycle.person_cycles as numbers on aside.lead_id = numbers.lead_id and aside.cycle = numbers.cycle
    inner join routing.leads as places
        on people.person_id = places.lead_id and coalesce(numbers.person_cycle, aside.cycle) = places.cycle
    where assigned.lead_id = any(%(leads)s::bigint[]) and assigned.rep_id is distinct from places.rep_id
    union
    select assigned.assignment_id
    from routing.assignments as assigned
    left join routing.leads as places on assigned.lead_id = places.lead_id and assigned.cycle = places.cycle
    where assigned.lead_id = any(%(removed)s::bigint[]) and places.lead_id is null
)

update routing.notices
set state = 'dropped', settled_at = %(now)s, reason = 'the lead was merged with another, or split from it'
from stale
where
    notices.assignment_id = stale.assignment_id
    and notices.state = 'open'
    and notices.unknown_since is null;

-- name: reopen_notices
-- After a split the place is back: reopens the notice to its owner, if it was dropped because of the merge.
with back as (
    select distinct on (assigned.lead_id, assigned.cycle)
        assigned.assignment_id,
        (assigned.rep_id is not distinct from places.rep_id) and places.state <> 'closed' as is_theirs
    from routing.assignments as assigned
    inner join routing.leads as places on assigned.lead_id = places.lead_id and assigned.cycle = places.cycle
    where assigned.lead_id = any(%(leads)s::bigint[])
    order by assigned.lead_id asc, assigned.cycle asc, assigned.number desc
)

update routing.notices
set state = 'open', settled_at = null, reason = null
from back
where
    notices.assignment_id = back.assignment_id
    and back.is_theirs
    and notices.state = 'dropped'
    and notices.reason = 'the lead was merged with another, or split from it';
