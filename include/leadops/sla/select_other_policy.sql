-- Clocks that have neither run out nor stopped follow the policy of today.
select
    clocks.clock,
    clocks.lead_id,
    clocks.cycle,
    clocks.started_at,
    coalesce((mql.evidence ->> 'total')::integer, 0) as total,
    mql.campaign
from sla.clocks as clocks
inner join lifecycle.transitions as mql
    on clocks.lead_id = mql.lead_id and clocks.cycle = mql.cycle and mql.stage = 'mql'
where clocks.state in ('running', 'at_risk', 'held') and clocks.policy <> %(policy)s
