select dt
from analytics.built_days
where not is_gated
order by dt
