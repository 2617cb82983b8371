-- name: find_newest_day
select max(as_of) as as_of
from economics.months
where as_of = coalesce(%(day)s, as_of);

-- name: list_months
-- Every month as seen at the end of a day; or, of one month, its lines too.
select
    month,
    is_total,
    line,
    campaign,
    cost,
    won,
    value,
    won_without_value,
    won_without_rate,
    costs_without_rate,
    cac,
    mqls,
    cohort_won,
    cohort_open,
    cohort_cac,
    payback_months,
    left_out,
    is_over,
    is_mature,
    maturity_days,
    maturity_source,
    currency
from economics.ratios
where as_of = %(day)s and case when %(month)s::date is null then is_total else month = %(month)s end
order by month, is_total, line, campaign;

-- name: list_categories
-- The costs of each line of a month, by category.
select
    line,
    campaign,
    category,
    direct,
    allocated
from economics.monthly_costs
where as_of = %(day)s and month = %(month)s
order by line, campaign, category;
