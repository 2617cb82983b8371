select
    dt,
    case %(grouped)s when 'campaign' then campaign when 'source' then source end as one,
    sum(leads)::bigint as leads,
    sum(mqls)::bigint as mqls,
    sum(sals)::bigint as sals,
    sum(sqls)::bigint as sqls,
    sum(wons)::bigint as wons,
    sum(losts)::bigint as losts,
    sum(value) as value,
    sum(left_out)::bigint as left_out
from analytics.daily_funnel
where dt between %(first)s and %(last)s
group by dt, one
order by dt, one
