insert into analytics.response_times
(
    lead_id, cycle, rep_id, campaign, mql_at, sal_at, working_minutes, wall_minutes, local_hour, cause, is_quiet, dt
)
select
    lead_id,
    cycle,
    rep_id,
    campaign,
    mql_at,
    sal_at,
    working_minutes,
    wall_minutes,
    extract(hour from mql_at at time zone %(zone)s),
    cause,
    is_quiet,
    %(dt)s
from day_responses
where mql_at >= %(start)s
-- It has moved here from another day that is not built again yet.
on conflict (lead_id, cycle) do update
    set
        rep_id = excluded.rep_id,
        campaign = excluded.campaign,
        mql_at = excluded.mql_at,
        sal_at = excluded.sal_at,
        working_minutes = excluded.working_minutes,
        wall_minutes = excluded.wall_minutes,
        local_hour = excluded.local_hour,
        cause = excluded.cause,
        is_quiet = excluded.is_quiet,
        dt = excluded.dt
