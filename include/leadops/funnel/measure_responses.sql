-- Minutes from MQL to SAL, on the wall and of working time, and what the longest part went by with. Routing knows
-- whether somebody had it; where routing knows nothing of the cycle, the time is the salesperson's. An imported MQL
-- without SAL says nothing of waiting: the file may have no such stage.
with clocks as materialized (
    select
        %(working_starts)s::timestamptz[] as working_starts,
        %(working_ends)s::timestamptz[] as working_ends,
        %(working_before)s::double precision[] as working_before,
        %(free_starts)s::timestamptz[] as free_starts,
        %(free_ends)s::timestamptz[] as free_ends,
        %(free_before)s::double precision[] as free_before
),

cycles as (
    select
        cycles.lead_id,
        cycles.cycle,
        cycles.campaign,
        cycles.is_quiet or (cycles.is_imported and cycles.sal_at is null) as is_quiet,
        cycles.mql_at,
        cycles.sal_at,
        least(cycles.sql_at, cycles.won_at, cycles.lost_at) as ended_at,
        coalesce(cycles.rep_id, routed.rep_id) as rep_id,
        extract(epoch from cycles.sal_at - cycles.mql_at) / 60 as wall,
        extract(epoch from cycles.sal_recorded_at - cycles.sal_at) / 60 as feed_late,
        case
            when routed.lead_id is null and assigned.times = 0 then cycles.mql_at
            else greatest(cycles.mql_at, least(assigned.assigned_at, cycles.sal_at))
        end as had_at,
        coalesce(assigned.assigned_at <= cycles.sal_at, false) as was_assigned
    from day_cycles as cycles
    left join routing.leads as routed on cycles.lead_id = routed.lead_id and cycles.cycle = routed.cycle
    cross join
        lateral (
            select
                min(assigned_at) filter (where rep_id is not null and why <> 'taken') as assigned_at,
                count(*) as times
            from routing.assignments
            where lead_id = cycles.lead_id and cycle = cycles.cycle
        ) as assigned
    where cycles.mql_at >= %(responses_from)s
),

-- Once for each row, however often the parts below refer to it. Most had somebody at once: nothing to count up to then.
at_times as materialized (
    select
        cycles.*,
        analytics.count_minutes(mql_at, working_starts, working_ends, working_before) as worked_at_mql,
        case
            when had_at > mql_at
                then analytics.count_minutes(had_at, working_starts, working_ends, working_before)
        end as worked_at_later,
        analytics.count_minutes(sal_at, working_starts, working_ends, working_before) as worked_at_sal,
        analytics.count_minutes(sal_at, free_starts, free_ends, free_before)
        - analytics.count_minutes(mql_at, free_starts, free_ends, free_before) as free
    from cycles
    cross join clocks
),

parts as (
    select
        at_times.*,
        worked_at_sal - worked_at_mql as worked,
        coalesce(worked_at_later, worked_at_mql) - worked_at_mql as waited,
        worked_at_sal - coalesce(worked_at_later, worked_at_mql) as handled,
        wall - free - (worked_at_sal - worked_at_mql) as night,
        case when feed_late > %(feed_late_after)s and not is_quiet then feed_late else 0 end as feed
    from at_times
)

insert into day_responses
(lead_id, cycle, rep_id, campaign, is_quiet, mql_at, sal_at, ended_at, working_minutes, wall_minutes, cause)
select
    lead_id,
    cycle,
    rep_id,
    campaign,
    is_quiet,
    mql_at,
    sal_at,
    ended_at,
    worked,
    wall,
    case
        when sal_at is null then null
        else
            case greatest(free, night, waited, feed, handled)
                when feed then case when feed > 0 then 'feed_late' else 'handling' end
                when free then case when free > 0 then 'holiday' else 'handling' end
                when night then case when night > 0 then 'night' else 'handling' end
                when handled then 'handling'
                else case when was_assigned then 'queue' else 'unassigned' end
            end
    end as cause
from parts
