with taken as (
    delete from sla.inbox
    returning lead_id, cycle
)

select distinct
    taken.lead_id,
    taken.cycle,
    mql.occurred_at,
    coalesce((mql.evidence ->> 'total')::integer, 0) as total,
    mql.campaign
from taken
inner join lifecycle.transitions as mql
    on taken.lead_id = mql.lead_id and taken.cycle = mql.cycle and mql.stage = 'mql'
where not coalesce((mql.evidence ->> 'backfill')::boolean, false)
