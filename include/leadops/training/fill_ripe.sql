-- MQLs whose time for the goal was over by the end of the day, as they were known by then. An MQL that reached the
-- goal early waits for its time too: else the newest leads would all be successes.
insert into moments (place, lead_id, holder, cycle, at, known_at, history_until, is_reached)
select
    row_number() over (order by mql.occurred_at, mql.lead_id, mql.cycle) - 1,
    mql.lead_id,
    coalesce(
        (
            select own.lead_id
            from identity.people as people
            inner join lifecycle.transitions as own
                on people.lead_id = own.lead_id and own.cycle = mql.cycle and own.stage = 'mql'
            where people.person_id = mql.lead_id and own.occurred_at = mql.occurred_at
            order by own.lead_id
            limit 1
        ), mql.lead_id
    ) as holder,
    mql.cycle,
    mql.occurred_at,
    mql.recorded_at,
    -- An imported MQL was recorded long after; events imported with it are believed to have been known in their time.
    case when mql.evidence ? 'imported' then %(until)s::timestamptz end,
    coalesce(reached.first_at <= mql.occurred_at + %(horizon)s, false)
from lifecycle.current_transitions as mql
left join (
    select
        goal.lead_id,
        goal.cycle,
        min(goal.occurred_at) as first_at
    from lifecycle.current_transitions as goal
    -- One before its MQL cannot be.
    inner join lifecycle.current_transitions as start
        on
            goal.lead_id = start.lead_id
            and goal.cycle = start.cycle
            and start.stage = 'mql'
            and goal.occurred_at >= start.occurred_at
    where goal.stage = any(%(goal)s) and goal.recorded_at < %(until)s
    group by goal.lead_id, goal.cycle
) as reached on mql.lead_id = reached.lead_id and mql.cycle = reached.cycle
where
    mql.stage = 'mql'
    and mql.recorded_at < %(until)s
    and mql.occurred_at >= %(since)s
    and mql.occurred_at <= %(until)s::timestamptz - %(horizon)s
