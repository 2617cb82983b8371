select distinct person_cycle
from lifecycle.person_cycles
where lead_id = any(%(leads)s::bigint[])
