-- MQLs of [starts, ends) as they were known at a time: SQLs in their first days, and the wait for the first contact.
with mqls as materialized (
    select
        mql.lead_id,
        mql.cycle,
        mql.occurred_at
    from lifecycle.current_transitions as mql
    where
        mql.stage = 'mql'
        and mql.occurred_at >= %(starts)s
        and mql.occurred_at < %(ends)s
        and mql.recorded_at < %(until)s
        and not coalesce((mql.evidence ->> 'backfill')::boolean, false)
),

judged as (
    select
        mqls.occurred_at < %(until)s::timestamptz - make_interval(days => %(lead_days)s) as is_ripe,
        sql.lead_id is not null as became_sql,
        case
            when clocks.stopped_at < %(until)s then clocks.business_minutes
            when clocks.due_at < %(until)s then 'infinity'
        end as minutes
    from mqls
    left join lifecycle.current_transitions as sql
        on
            mqls.lead_id = sql.lead_id
            and mqls.cycle = sql.cycle
            and sql.stage = 'sql'
            and sql.occurred_at >= %(starts)s
            and mqls.occurred_at <= sql.occurred_at
            and sql.occurred_at < mqls.occurred_at + make_interval(days => %(lead_days)s)
            and sql.recorded_at < %(until)s
    left join sla.clocks as clocks
        on mqls.lead_id = clocks.lead_id and mqls.cycle = clocks.cycle and clocks.clock = 'first_contact'
)

select
    count(*) filter (where is_ripe) as leads,
    count(*) filter (where is_ripe and became_sql) as sqls,
    count(minutes) as waited,
    percentile_disc(0.5) within group (order by minutes) as wait_minutes
from judged
