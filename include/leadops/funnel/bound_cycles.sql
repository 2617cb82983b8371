select
    min(mql_at),
    max(sal_at)
from day_cycles
where mql_at >= %(responses_from)s
