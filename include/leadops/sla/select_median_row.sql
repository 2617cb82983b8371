select
    state,
    started_at
from sla.breaches
where lead_id = 0 and cycle = 0 and clock = 'median_to_sal'
