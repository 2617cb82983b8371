select
    dt,
    scope,
    since
from analytics.dirty_days
order by scope, dt
