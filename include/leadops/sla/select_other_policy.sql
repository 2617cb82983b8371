-- Clocks that have neither run out nor stopped follow the policy of today.
select
    clocks.clock,
    clocks.lead_id,
    clocks.cycle,
    clocks.started_at,
    coalesce((mql.evidence ->> 'total')::integer, 0) as total,
    mql.campaign,
    chosen.sla_minutes
from sla.clocks as clocks
inner join lifecycle.current_transitions as mql
    on clocks.lead_id = mql.lead_id and clocks.cycle = mql.cycle and mql.stage = 'mql'
left join lateral (
    select thresholds.sla_minutes
    from lifecycle.thresholds as thresholds
    where thresholds.kpi_version = mql.kpi_version and thresholds.effective_at <= mql.occurred_at
    order by thresholds.effective_at desc
    limit 1
) as chosen on true
where clocks.state in ('running', 'at_risk', 'held') and clocks.policy <> %(policy)s
