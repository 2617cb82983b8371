select
    coalesce(renamed.campaign, names.campaign) as campaign,
    names.channel
from attribution_names as names
left join analytics.campaign_names as renamed on names.campaign = renamed.name
order by names.name_id
