-- name: measure_median
select
    count(*) as leads,
    percentile_cont(0.5) within group (order by business_minutes) as minutes
from sla.clocks
where clock = 'sal' and stopped_by = 'contact' and stopped_at > %(since)s and stopped_at <= %(now)s;

-- name: read_median_state
-- Only the median has no lead.
select
    state,
    started_at as since
from sla.breaches
where lead_id = 0;
