-- Ripe MQLs by the score with which they became MQL, and how many became SQL within the days of ripening.
with known as materialized (
    select
        lead_id,
        cycle,
        stage,
        occurred_at,
        evidence
    from lifecycle.current_transitions
    where
        stage in ('mql', 'sql')
        and occurred_at >= %(labels_since)s
        and occurred_at < %(until)s
        and recorded_at < %(until)s
),

mqls as (
    select
        mql.lead_id,
        coalesce((mql.evidence ->> 'total')::integer, ledger.total) as score,
        sql.lead_id is not null as became_sql
    from known as mql
    left join known as sql
        on
            mql.lead_id = sql.lead_id
            and mql.cycle = sql.cycle
            and sql.stage = 'sql'
            and mql.occurred_at <= sql.occurred_at
            and sql.occurred_at < mql.occurred_at + make_interval(days => %(ripe_days)s)
    left join lateral (
        select sum(points)::integer as total
        from scoring.ledger
        where
            mql.evidence ->> 'total' is null
            and lead_id = mql.lead_id
            and recorded_at <= mql.occurred_at
    ) as ledger on true
    where
        mql.stage = 'mql'
        and mql.occurred_at < %(ripe_before)s
        and not coalesce((mql.evidence ->> 'backfill')::boolean, false)
)

select
    score,
    count(*) as leads,
    count(*) filter (where became_sql) as sqls
from mqls
where score is not null
group by score
order by score
