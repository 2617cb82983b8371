-- A place that a person got by the MQL of a lead that was split off is that lead's.
with regrouped as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as regrouped (lead_id, cycle)
),

heirs as (
    select distinct on (mql.cycle)
        mql.lead_id,
        mql.cycle,
        mql.occurred_at
    from regrouped
    inner join lifecycle.transitions as mql
        on regrouped.lead_id = mql.lead_id and regrouped.cycle = mql.cycle and mql.stage = 'mql'
    where
        not exists (
            select from routing.leads as own
            where own.lead_id = mql.lead_id and own.cycle = mql.cycle
        )
        and not exists (
            select from identity.people as people
            where people.lead_id = mql.lead_id and people.person_id <> people.lead_id
        )
    order by mql.cycle asc, mql.occurred_at asc, mql.lead_id asc
),

orphans as (
    delete from routing.leads
    using regrouped
    where
        leads.lead_id = regrouped.lead_id
        and leads.cycle = regrouped.cycle
        and not exists (
            select from lifecycle.current_transitions as mql
            where mql.lead_id = leads.lead_id and mql.cycle = leads.cycle and mql.stage = 'mql'
        )
        and not exists (
            select from identity.people as people
            where people.lead_id = leads.lead_id and people.person_id <> people.lead_id
        )
    returning leads.*
)

insert into routing.leads (
    lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at, alarm_at
)
select distinct on (heirs.lead_id, heirs.cycle)
    heirs.lead_id,
    heirs.cycle,
    orphans.state,
    orphans.rep_id,
    orphans.queue,
    orphans.account,
    orphans.is_quiet,
    heirs.occurred_at,
    orphans.since,
    orphans.moves,
    orphans.is_late,
    orphans.look_at,
    orphans.alarm_at
from orphans
inner join heirs on orphans.cycle = heirs.cycle
order by heirs.lead_id asc, heirs.cycle asc, orphans.lead_id asc
