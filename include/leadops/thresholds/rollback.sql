-- name: measure_period
-- MQLs of a KPI version in the intervals [starts, ends), as they were known at a time: SQLs in their first days, and
-- the wait for the first contact.
with periods as (
    select
        period.starts,
        period.ends
    from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) as period (starts, ends)
),

bounds as (
    select min(starts) as since from periods
),

mqls as materialized (
    select
        mql.lead_id,
        mql.cycle,
        mql.occurred_at
    from periods
    inner join lifecycle.counted_transitions as mql
        on periods.starts <= mql.occurred_at and periods.ends > mql.occurred_at
    where
        mql.stage = 'mql'
        and mql.kpi_version = %(version)s
        and mql.recorded_at < %(until)s
        and not coalesce((mql.evidence ->> 'backfill')::boolean, false)
),

judged as (
    select
        mqls.occurred_at < %(until)s::timestamptz - make_interval(days => %(lead_days)s) as is_mature,
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
            and sql.occurred_at >= (select bounds.since from bounds)
            and mqls.occurred_at <= sql.occurred_at
            and sql.occurred_at < mqls.occurred_at + make_interval(days => %(lead_days)s)
            and sql.recorded_at < %(until)s
    left join sla.clocks as clocks
        on mqls.lead_id = clocks.lead_id and mqls.cycle = clocks.cycle and clocks.clock = 'first_contact'
)

select
    count(*) filter (where is_mature) as leads,
    count(*) filter (where is_mature and became_sql) as sqls,
    count(minutes) as waited,
    percentile_disc(0.5) within group (order by minutes) as wait_minutes
from judged;

-- name: write_rollback
-- A day that has been decided keeps its row.
insert into lifecycle.thresholds as known (
    day, kpi_version, value, sla_minutes, effective_at, proposed_at, decided_by, reason, plan, facts, hash
)
values (
    %(day)s, %(kpi_version)s, %(value)s, %(sla_minutes)s, %(now)s, %(now)s, 'reverted', %(reason)s, 'apply',
    %(facts)s, %(hash)s
)
on conflict (day) do update
    set
        kpi_version = excluded.kpi_version,
        value = excluded.value,
        sla_minutes = excluded.sla_minutes,
        effective_at = excluded.effective_at,
        decided_by = excluded.decided_by,
        reason = excluded.reason,
        plan = excluded.plan,
        facts = excluded.facts,
        answer = null,
        waits_since = null
    where known.effective_at is null;
