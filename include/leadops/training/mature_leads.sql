-- name: fill_mature_leads
-- MQLs whose horizon was over by the end of the day, as known by then. An MQL that reached the goal early waits
-- for its horizon too: otherwise the newest leads would all be successes.
with mqls as materialized (
    select
        lead_id,
        own_lead_id,
        cycle,
        occurred_at,
        recorded_at,
        evidence ? 'imported' as is_imported
    from lifecycle.counted_transitions
    where
        stage = 'mql'
        and recorded_at < %(until)s
        and occurred_at >= %(since)s
        and occurred_at <= %(until)s::timestamptz - %(horizon)s::interval
),

-- A goal before its MQL does not count.
reached as (
    select distinct
        mqls.lead_id,
        mqls.cycle
    from mqls
    inner join lifecycle.current_transitions as goal on mqls.lead_id = goal.lead_id and mqls.cycle = goal.cycle
    where
        goal.stage = any(%(goal)s)
        and goal.recorded_at < %(until)s
        and goal.occurred_at >= mqls.occurred_at
        and goal.occurred_at <= mqls.occurred_at + %(horizon)s::interval
)

insert into observations (place, lead_id, own_lead_id, cycle, at, known_at, history_until, is_reached)
select
    row_number() over (order by mqls.occurred_at, mqls.lead_id, mqls.cycle) - 1,
    mqls.lead_id,
    mqls.own_lead_id,
    mqls.cycle,
    mqls.occurred_at,
    mqls.recorded_at,
    -- An imported MQL was recorded long afterwards; imported events count as known in their own time.
    case when mqls.is_imported then %(until)s::timestamptz end,
    reached.lead_id is not null
from mqls
left join reached on mqls.lead_id = reached.lead_id and mqls.cycle = reached.cycle;
