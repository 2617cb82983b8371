-- Cycles whose lead may count for itself again come back, as they are where another lead went on in their place.
with regrouped as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as regrouped (lead_id, cycle)
),

back as (
    delete from routing.set_aside
    using regrouped
    where set_aside.lead_id = regrouped.lead_id and set_aside.cycle = regrouped.cycle
    returning set_aside.*
),

kept as (
    delete from routing.leads
    using back
    where leads.lead_id = back.kept_by and leads.cycle = back.cycle
    returning leads.*
),

-- The account that set_places_aside gave to the lead that went on in their place.
forgotten as (
    delete from routing.accounts
    where account in (
        select 'lead:' || back.kept_by
        from back
        where
            not exists (
                select from routing.assignments as own
                where own.lead_id = back.kept_by and own.rep_id is not null
            )
    )
)

insert into routing.leads (
    lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at, alarm_at,
    mql_lead_id
)
select
    back.lead_id,
    back.cycle,
    latest.state,
    latest.rep_id,
    latest.queue,
    back.account,
    back.is_quiet,
    back.qualified_at,
    latest.since,
    latest.moves,
    latest.is_late,
    latest.look_at,
    latest.alarm_at,
    back.mql_lead_id
from back
left join kept on back.kept_by = kept.lead_id and back.cycle = kept.cycle
cross join
    lateral (
        select
            back.state,
            back.rep_id,
            back.queue,
            back.since,
            back.moves,
            back.is_late,
            back.look_at,
            back.alarm_at
        where kept.lead_id is null
        union all
        select
            kept.state,
            kept.rep_id,
            kept.queue,
            kept.since,
            kept.moves,
            kept.is_late,
            kept.look_at,
            kept.alarm_at
        where kept.lead_id is not null
    ) as latest
on conflict (lead_id, cycle) do nothing
returning lead_id
