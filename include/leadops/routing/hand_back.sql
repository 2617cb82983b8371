-- A place that a lead got by the MQL of another, who counts for somebody else now, is that one's: it goes there,
-- unless they have one. Of several the one that was MQL first goes.
with regrouped as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as regrouped (lead_id, cycle)
),

strays as (
    select
        places.lead_id,
        places.cycle,
        coalesce(heir.person_id, places.mql_lead_id) as heir_id
    from regrouped
    inner join routing.leads as places on regrouped.lead_id = places.lead_id and regrouped.cycle = places.cycle
    left join identity.people as heir on places.mql_lead_id = heir.lead_id
    left join identity.people as holder on places.lead_id = holder.lead_id
    where
        places.mql_lead_id <> places.lead_id
        and coalesce(heir.person_id, places.mql_lead_id) <> coalesce(holder.person_id, places.lead_id)
),

gone as (
    delete from routing.leads
    using strays
    where leads.lead_id = strays.lead_id and leads.cycle = strays.cycle
    returning leads.*, strays.heir_id
)

insert into routing.leads (
    lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at, alarm_at,
    mql_lead_id
)
select distinct on (heir_id, cycle)
    heir_id,
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
from gone
order by heir_id asc, cycle asc, qualified_at asc, lead_id asc
on conflict (lead_id, cycle) do nothing
