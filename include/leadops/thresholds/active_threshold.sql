-- name: read_active
select
    value,
    sla_minutes
from lifecycle.thresholds
where kpi_version = %(version)s and effective_at < %(at)s
order by effective_at desc
limit 1;
