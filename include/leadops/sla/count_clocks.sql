select
    count(*) filter (where state = 'running') as running,
    count(*) filter (where state = 'at_risk') as at_risk,
    count(*) filter (where state = 'held') as held,
    count(*) filter (where state = 'breached') as breached
from sla.clocks
where state in ('running', 'at_risk', 'held', 'breached')
