-- What each line of a month bore, by category.
select
    line,
    campaign,
    category,
    direct,
    allotted
from economics.monthly_costs
where as_of = %(day)s and month = %(month)s
order by line, campaign, category
