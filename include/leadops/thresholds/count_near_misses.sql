-- Leads that earned points in the window, pass fit and behaviour, and stay under the total that is in force.
with touched as (
    select distinct lead_id
    from scoring.ledger
    where
        recorded_at >= %(since)s
        and recorded_at < %(until)s
        and kind in ('rule', 'correction')
        and points > 0
),

summed as (
    select
        ledger.lead_id,
        sum(ledger.points) as total,
        coalesce(sum(ledger.points) filter (where ledger.dimension = 'fit'), 0) as fit,
        coalesce(sum(ledger.points) filter (where ledger.dimension = 'behaviour'), 0) as behaviour
    from touched
    inner join scoring.ledger as ledger on touched.lead_id = ledger.lead_id
    where ledger.recorded_at < %(until)s
    group by ledger.lead_id
)

select
    summed.total::integer as score,
    count(*) as leads
from summed
where
    summed.fit >= %(fit)s
    and summed.behaviour >= %(behaviour)s
    and summed.total < %(total)s
    and summed.total >= %(least)s
    and not exists (
        select from lifecycle.current_transitions as mql
        where mql.lead_id = summed.lead_id and mql.stage = 'mql' and mql.recorded_at < %(until)s
    )
group by summed.total
order by score
