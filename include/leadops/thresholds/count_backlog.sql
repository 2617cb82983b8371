select count(*) as leads
from lifecycle.current_transitions as mql
where
    mql.stage = 'mql'
    and mql.occurred_at >= %(since)s
    and mql.occurred_at < %(until)s
    and mql.recorded_at < %(until)s
    and not coalesce((mql.evidence ->> 'backfill')::boolean, false)
    and not exists (
        select from lifecycle.facts as done
        where
            done.lead_id = mql.lead_id
            and done.cycle = mql.cycle
            and done.fact in ('contact', 'won', 'lost')
            and done.occurred_at < %(until)s
    )
