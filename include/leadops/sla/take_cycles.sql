with taken as (
    delete from sla.inbox
    returning lead_id, cycle
)

select distinct
    taken.lead_id,
    taken.cycle,
    mql.occurred_at,
    coalesce((mql.evidence ->> 'total')::integer, 0) as total,
    mql.campaign,
    chosen.sla_minutes
from taken
inner join lifecycle.current_transitions as mql
    on taken.lead_id = mql.lead_id and taken.cycle = mql.cycle and mql.stage = 'mql'
left join lateral (
    select thresholds.sla_minutes
    from lifecycle.thresholds as thresholds
    where thresholds.kpi_version = mql.kpi_version and thresholds.effective_at <= mql.occurred_at
    order by thresholds.effective_at desc
    limit 1
) as chosen on true
where not coalesce((mql.evidence ->> 'backfill')::boolean, false)
