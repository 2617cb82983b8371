insert into attribution_names (name_id, campaign, channel)
select
    row_number() over () - 1 as name_id,
    campaign,
    channel
from attribution_touches
where channel is not null
group by campaign, channel
