select
    (evidence ->> 'total')::integer as score,
    count(*) as leads
from lifecycle.current_transitions
where
    stage = 'mql'
    and occurred_at >= %(since)s
    and occurred_at < %(until)s
    and recorded_at < %(until)s
    and evidence ->> 'total' is not null
    and not coalesce((evidence ->> 'backfill')::boolean, false)
group by (evidence ->> 'total')::integer
order by score
