-- Places go where their MQL counts now: to its lead's person, in the cycle that it is of. Of several for one cycle that
-- of the person's oldest lead goes on, else that of the first MQL; the others wait aside until the leads are split.
-- Returns whose place is gone, because its MQL was taken back.
with recursive involved as (
    select distinct lead_id from unnest(%(leads)s::bigint[]) as asked (lead_id)
    union
    select tied.lead_id
    from involved
    cross join
        lateral (
            select others.lead_id
            from identity.people as own
            inner join identity.people as others on own.person_id = others.person_id
            where own.lead_id = involved.lead_id
            union all
            select places.mql_lead_id
            from routing.leads as places
            where places.lead_id = involved.lead_id
        ) as tied
),

taken as (
    delete from routing.leads
    using involved
    where leads.mql_lead_id = involved.lead_id
    returning leads.*
),

fetched as (
    delete from routing.set_aside
    using involved
    where set_aside.mql_lead_id = involved.lead_id
    returning set_aside.*
),

found as (
    select
        lead_id,
        cycle,
        state,
        rep_id,
        queue,
        account,
        is_quiet,
        qualified_at,
        since,
        moves,
        is_late,
        look_at,
        alarm_at,
        mql_lead_id,
        mql_cycle
    from taken
    union all
    select
        lead_id,
        cycle,
        state,
        rep_id,
        queue,
        account,
        is_quiet,
        qualified_at,
        since,
        moves,
        is_late,
        look_at,
        alarm_at,
        mql_lead_id,
        mql_cycle
    from fetched
),

standing as (
    select
        found.*,
        coalesce(people.person_id, found.mql_lead_id) as heir_id,
        coalesce(numbers.person_cycle, found.mql_cycle) as heir_cycle
    from found
    left join identity.people as people on found.mql_lead_id = people.lead_id
    left join lifecycle.person_cycles as numbers
        on people.lead_id = numbers.lead_id and found.mql_cycle = numbers.cycle
    -- An MQL that was taken back has no place.
    where exists (
        select from lifecycle.transitions as mql
        where mql.lead_id = found.mql_lead_id and mql.cycle = found.mql_cycle and mql.stage = 'mql'
    )
),

ordered as (
    select
        *,
        row_number() over (
            partition by heir_id, heir_cycle
            order by mql_lead_id = heir_id desc, qualified_at asc, mql_lead_id asc, mql_cycle asc
        ) as place
    from standing
),

goes_on as (
    insert into routing.leads (
        lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at,
        alarm_at, mql_lead_id, mql_cycle
    )
    select
        heir_id,
        heir_cycle,
        state,
        rep_id,
        queue,
        account,
        is_quiet,
        qualified_at,
        since,
        moves,
        is_late,
        look_at,
        alarm_at,
        mql_lead_id,
        mql_cycle
    from ordered
    where place = 1
),

waits as (
    insert into routing.set_aside (
        lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at,
        alarm_at, mql_lead_id, mql_cycle
    )
    select
        mql_lead_id as lead_id,
        mql_cycle as cycle,
        state,
        rep_id,
        queue,
        account,
        is_quiet,
        qualified_at,
        since,
        moves,
        is_late,
        look_at,
        alarm_at,
        mql_lead_id,
        mql_cycle
    from ordered
    where place > 1
),

-- The person's next cycle finds the same owner.
owned as (
    insert into routing.accounts (account, rep_id, since)
    select distinct on (heir_id)
        'lead:' || heir_id,
        rep_id,
        since
    from ordered
    where place = 1 and heir_id <> mql_lead_id and rep_id is not null
    order by heir_id asc, heir_cycle desc
    on conflict (account) do nothing
),

-- As nobody's but that of the leads it was joined to, a lead has no owner to be found.
forgotten as (
    delete from routing.accounts
    where account in (
        select 'lead:' || taken.lead_id
        from taken
        where
            taken.lead_id <> taken.mql_lead_id
            and not exists (
                select from ordered as still
                where
                    still.heir_id = taken.lead_id
                    and still.heir_id <> still.mql_lead_id
                    and still.place = 1
                    and still.rep_id is not null
            )
            and not exists (
                select from routing.assignments as own
                where own.lead_id = taken.lead_id and own.rep_id is not null
            )
    )
)

select found.lead_id
from found
where not exists (
    select from standing
    where standing.mql_lead_id = found.mql_lead_id and standing.mql_cycle = found.mql_cycle
)
