select
    day::text as day,
    waits_since,
    reason,
    facts ->> 'run_id' as run_id
from scoring.thresholds
where waits_since is not null
order by day
