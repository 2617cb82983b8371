select
    campaign,
    channel
from attribution_names
order by name_id
