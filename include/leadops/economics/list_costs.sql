-- Every cost of these months that was known at the time; of campaigns that were renamed under the name now.
select
    costs.month,
    coalesce(names.campaign, costs.campaign) as campaign,
    costs.category,
    costs.amount,
    costs.hours
from economics.costs as costs
left join analytics.campaign_names as names on costs.campaign = names.name
where costs.month between %(first)s and %(month)s and costs.recorded_at <= %(now)s
order by costs.cost_id
