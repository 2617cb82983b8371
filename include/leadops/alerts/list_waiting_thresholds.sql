select
    day::text as day,
    waits_since,
    reason,
    facts ->> 'run_id' as run_id
from lifecycle.thresholds
-- Nobody can answer a run that is gone, such as one that was deleted.
where waits_since > %(now)s::timestamptz - interval '24 hours'
order by day
