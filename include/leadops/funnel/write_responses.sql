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
order by lead_id, cycle -- as the index has them, which is quicker
