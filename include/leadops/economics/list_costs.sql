-- Every cost of these months that was known at the time.
select
    month,
    campaign,
    category,
    amount,
    hours
from economics.costs
where month between %(first)s and %(month)s and recorded_at <= %(now)s
order by cost_id
