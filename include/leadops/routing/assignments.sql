-- name: upsert_lead
insert into routing.leads (
    lead_id, cycle, state, rep_id, queue, account, is_backfill, qualified_at, since, moves, overdue, recheck_at,
    alarm_at, mql_lead_id, mql_cycle
)
select
    %(lead_id)s,
    %(cycle)s,
    %(state)s,
    %(rep_id)s,
    %(queue)s,
    %(account)s,
    %(is_backfill)s,
    %(qualified_at)s,
    %(now)s,
    %(moves)s,
    %(overdue)s,
    %(recheck_at)s,
    %(alarm_at)s,
    coalesce(mql.lead_id, %(lead_id)s),
    coalesce(mql.cycle, %(cycle)s)
from (select) as one_row
left join lateral (
    select
        joined.lead_id,
        joined.cycle
    from lifecycle.merged_transitions as joined
    where joined.person_id = %(lead_id)s and joined.person_cycle = %(cycle)s and joined.stage = 'mql'
    order by joined.evidence ? 'imported', joined.occurred_at, joined.lead_id
    limit 1
) as mql on true
on conflict (lead_id, cycle) do update
    set
        state = excluded.state,
        rep_id = excluded.rep_id,
        queue = excluded.queue,
        since = excluded.since,
        moves = excluded.moves,
        overdue = excluded.overdue,
        recheck_at = excluded.recheck_at,
        alarm_at = excluded.alarm_at;

-- name: update_recheck
-- The lead stays where it is.
update routing.leads
set overdue = %(overdue)s, recheck_at = %(recheck_at)s
where lead_id = %(lead_id)s and cycle = %(cycle)s;

-- name: insert_assignment
insert into routing.assignments (
    lead_id, cycle, number, rep_id, queue, why, cause, rule, is_backfill, assigned_at, waited_minutes, facts,
    passed_over, rules
)
values (
    %(lead_id)s, %(cycle)s, %(number)s, %(rep_id)s, %(queue)s, %(why)s, %(cause)s, %(rule)s, %(is_backfill)s, %(now)s,
    %(waited_minutes)s, %(facts)s, %(passed_over)s, %(rules)s
)
returning assignment_id;

-- name: upsert_account
insert into routing.accounts (account, rep_id, since) values (%(account)s, %(rep_id)s, %(now)s)
on conflict (account) do update
    set rep_id = excluded.rep_id, since = excluded.since
    where accounts.rep_id <> excluded.rep_id;

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
with members as (
    select
        person_id,
        lead_id
    from identity.find_members(%(leads)s::bigint[])
),

latest as (
    select distinct on (places.lead_id)
        places.lead_id as person_id,
        places.cycle,
        places.rep_id,
        places.is_backfill
    from routing.leads as places
    where places.lead_id in (select members.person_id from members)
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

-- name: adopt_owners
with given as (
    select
        coalesce(people.person_id, asked.lead_id) as person_id,
        min(asked.rep_id) as rep_id
    from unnest(%(lead_ids)s::bigint[], %(rep_ids)s::text[]) as asked (lead_id, rep_id)
    inner join crm.reps as reps on asked.rep_id = reps.rep_id
    left join identity.people as people on asked.lead_id = people.lead_id
    group by coalesce(people.person_id, asked.lead_id)
),

latest as (
    select distinct on (places.lead_id)
        places.lead_id,
        places.cycle,
        places.state,
        places.account,
        places.is_backfill,
        given.rep_id
    from given
    inner join routing.leads as places on given.person_id = places.lead_id
    order by places.lead_id asc, places.cycle desc
),

lost as (
    select latest.*
    from latest
    where
        latest.state <> 'closed'
        and not exists (
            select from routing.assignments as known
            where
                known.lead_id = latest.lead_id
                and known.cycle = latest.cycle
                and known.rep_id = latest.rep_id
        )
),

moved as (
    update routing.leads as places
    set
        state = 'owned',
        rep_id = lost.rep_id,
        queue = null,
        since = %(now)s,
        recheck_at = null,
        alarm_at = null
    from lost
    where places.lead_id = lost.lead_id and places.cycle = lost.cycle
    returning places.lead_id
),

recorded as (
    insert into routing.assignments (
        lead_id, cycle, number, rep_id, why, cause, is_backfill, assigned_at, waited_minutes, facts, passed_over, rules
    )
    select
        lost.lead_id,
        lost.cycle,
        coalesce(
            (
                select max(earlier.number) from routing.assignments as earlier
                where earlier.lead_id = lost.lead_id and earlier.cycle = lost.cycle
            ),
            0
        ) + 1,
        lost.rep_id,
        'taken',
        'mql',
        lost.is_backfill,
        %(now)s,
        0,
        '{}',
        '[]',
        ''
    from lost
),

accounts as (
    insert into routing.accounts (account, rep_id, since)
    select
        lost.account,
        min(lost.rep_id),
        %(now)s::timestamptz
    from lost
    group by lost.account
    on conflict (account) do nothing
)

select moved.lead_id
from moved
order by moved.lead_id;

-- name: drop_notices
update routing.notices
set state = 'dropped', settled_at = %(now)s, reason = 'the CRM has another owner since the database went back'
from routing.assignments as assigned
where
    notices.assignment_id = assigned.assignment_id
    and assigned.lead_id = any(%(lead_ids)s::bigint[])
    and notices.state = 'open';
