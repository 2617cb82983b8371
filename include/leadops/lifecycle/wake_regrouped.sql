-- Tells SLA and routing of each cycle that counts for another lead now, of the leads it counted for and counts for;
-- and looks again for what the CRM calls the leads.
with cycles as (
    select
        leads.lead_id,
        reached.cycle
    from unnest(%(leads)s::bigint[]) as leads (lead_id)
    cross join (
        select distinct transitions.cycle
        from lifecycle.transitions as transitions
        where transitions.stage = 'mql' and transitions.lead_id = any(%(leads)s::bigint[])
        union
        select unnest(%(numbers)s::integer[]) as cycle
    ) as reached
),

awaited as (
    insert into lifecycle.unlinked (lead_id, cycle)
    select
        lead_id,
        max(cycle)
    from lifecycle.current_transitions
    where stage = 'mql' and lead_id = any(%(leads)s::bigint[])
    group by lead_id
    on conflict (lead_id, cycle) do nothing
),

timed as (
    insert into sla.inbox (lead_id, cycle, is_regrouped)
    select
        lead_id,
        cycle,
        true
    from cycles
)

insert into routing.inbox (lead_id, cycle, why)
select
    lead_id,
    cycle,
    'merge'
from cycles
