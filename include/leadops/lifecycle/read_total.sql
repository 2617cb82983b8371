select value
from lifecycle.thresholds
where kpi_version = %(version)s and effective_at <= %(now)s
order by effective_at desc
limit 1
