-- How long each MQL had waited for each stage by the end of the day (days of 24 hours), and whether it was reached.
-- One that was lost has not reached it, and is not forgotten either: it counts with the whole time.
select
    waits.campaign,
    one.stage,
    array_agg(extract(epoch from coalesce(one.reached_at, %(known_until)s) - waits.mql_at)::double precision / 86400)
        as days,
    array_agg(one.reached_at is not null) as reached
from day_cycles as waits
cross join
    lateral (
        values
        ('sal', case when waits.sal_at < %(known_until)s then waits.sal_at end),
        ('sql', case when waits.sql_at < %(known_until)s then waits.sql_at end),
        (
            'won',
            case
                when
                    waits.won_at < %(known_until)s
                    and (
                        waits.lost_at is null
                        or waits.lost_at <= waits.won_at
                        or waits.lost_at >= %(known_until)s
                    )
                    then waits.won_at
            end
        )
    ) as one (stage, reached_at)
where waits.mql_at >= %(lead_times_from)s and waits.mql_at < %(known_until)s
group by waits.campaign, one.stage
order by waits.campaign, one.stage
