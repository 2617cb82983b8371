-- name: list_waits
-- When each MQL was, and when it had reached each stage by the end of the day; infinity: not yet. A lost MQL has not
-- reached a stage, and counts with the whole time. Each column is sent as one array, see leadops.funnel.arrays.
select
    campaign,
    string_agg(timestamptz_send(mql_at), ''::bytea) as mql,
    string_agg(timestamptz_send(case when sal_at < %(known_until)s then sal_at else 'infinity' end), ''::bytea) as sal,
    string_agg(timestamptz_send(case when sql_at < %(known_until)s then sql_at else 'infinity' end), ''::bytea) as sql,
    string_agg(
        timestamptz_send(
            case
                when
                    won_at < %(known_until)s
                    and (lost_at is null or lost_at <= won_at or lost_at >= %(known_until)s)
                    then won_at
                else 'infinity'
            end
        ),
        ''::bytea
    ) as won
from day_cycles
where mql_at >= %(lead_times_from)s and mql_at < %(known_until)s
group by campaign
order by campaign;

-- name: delete_lead_times
delete from analytics.lead_times where dt = %(dt)s;

-- name: insert_lead_times
insert into analytics.lead_times
select
    %(dt)s,
    stage,
    scope,
    campaign,
    mqls,
    reached,
    rate,
    within_days,
    rate_within,
    rate_within_low,
    rate_within_high,
    rate_within_reason,
    median_days,
    median_low,
    median_high,
    median_reason,
    p90_days,
    p90_low,
    p90_high,
    p90_reason,
    closed_median_days,
    closed_p90_days,
    closed_mean_days,
    closed_max_days
from jsonb_populate_recordset(null::analytics.lead_times, %(rows)s);
