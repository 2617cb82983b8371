-- name: list_decisions
-- What took effect under a KPI version, the oldest first.
select
    day,
    effective_at,
    decided_by,
    value,
    sla_minutes,
    facts,
    hash
from lifecycle.thresholds
where kpi_version = %(version)s and effective_at <= %(until)s
order by effective_at;
