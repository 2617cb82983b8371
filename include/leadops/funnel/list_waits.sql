-- When each MQL was, and when it had reached each stage by the end of the day; infinity: not. One that was lost has not
-- reached it, and is not forgotten either: it counts with the whole time. A column at a time, to be read as arrays.
select
    campaign,
    array_agg(mql_at) as mqls,
    array_agg(case when sal_at < %(known_until)s then sal_at else 'infinity' end) as sals,
    array_agg(case when sql_at < %(known_until)s then sql_at else 'infinity' end) as sqls,
    array_agg(
        case
            when
                won_at < %(known_until)s
                and (
                    lost_at is null
                    or lost_at <= won_at
                    or lost_at >= %(known_until)s
                )
                then won_at
            else 'infinity'
        end
    ) as wons
from day_cycles
where mql_at >= %(lead_times_from)s and mql_at < %(known_until)s
group by campaign
order by campaign
