-- Cycles of leads that were joined to another count for that one. It goes on where the first of them was, unless it
-- has a place of its own.
with merged as (
    select
        places.*,
        people.person_id,
        own.lead_id is null
        and row_number() over (
            partition by people.person_id, places.cycle order by places.qualified_at, places.lead_id
        ) = 1 as is_kept
    from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as regrouped (lead_id, cycle)
    inner join routing.leads as places
        on regrouped.lead_id = places.lead_id and regrouped.cycle = places.cycle
    inner join identity.people as people
        on places.lead_id = people.lead_id and people.person_id <> people.lead_id
    left join routing.leads as own on people.person_id = own.lead_id and places.cycle = own.cycle
),

kept as (
    insert into routing.leads (
        lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at,
        alarm_at, mql_lead_id
    )
    select
        person_id,
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
        mql_lead_id
    from merged
    where is_kept
),

-- The person's next cycle finds the same owner.
owned as (
    insert into routing.accounts (account, rep_id, since)
    select distinct on (person_id)
        'lead:' || person_id,
        rep_id,
        since
    from (
        select
            person_id,
            cycle,
            rep_id,
            since
        from merged
        where is_kept
        union all
        select
            kept_by,
            cycle,
            rep_id,
            since
        from routing.set_aside
        where kept_by = any(%(leads)s::bigint[])
    ) as going_on
    where rep_id is not null
    order by person_id asc, cycle desc
    on conflict (account) do nothing
),

gone as (
    delete from routing.leads
    using merged
    where leads.lead_id = merged.lead_id and leads.cycle = merged.cycle
)

insert into routing.set_aside (
    lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at,
    alarm_at, mql_lead_id, kept_by
)
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
    case when is_kept then person_id end
from merged
