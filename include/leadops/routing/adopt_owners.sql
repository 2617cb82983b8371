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
