-- Every month as seen at the end of one day; of one month, its lines too.
select
    month,
    is_total,
    line,
    campaign,
    cost,
    won,
    value,
    cac,
    mqls,
    cohort_won,
    cohort_open,
    cohort_cac,
    payback_months,
    left_out,
    is_over,
    is_ripe,
    ripe_days,
    ripe_because,
    currency
from economics.ratios
where as_of = %(day)s and case when %(month)s::date is null then is_total else month = %(month)s end
order by month, is_total, line, campaign
