select
    cohort_dt,
    case %(grouped)s when 'campaign' then campaign when 'source' then source end as one,
    0 as leads,
    sum(mqls)::bigint as mqls,
    sum(sals)::bigint as sals,
    sum(sqls)::bigint as sqls,
    sum(wons)::bigint as wons,
    sum(losts)::bigint as losts,
    sum(value) as value,
    sum(left_out)::bigint as left_out
from analytics.cohort_funnel
where cohort_dt between %(first)s and %(last)s
group by cohort_dt, one
order by cohort_dt, one
