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
        mql.person_id,
        mql.person_cycle,
        mql.happened_at
    from periods
    inner join mart.stages as mql
        on periods.starts <= mql.happened_at and periods.ends > mql.happened_at
    where
        mql.stage = 'mql'
        and mql.is_counted
        and mql.kpi_version = %(version)s
        and mql.known_at < %(until)s
        and not mql.is_backfill
),

judged as (
    select
        mqls.happened_at < %(until)s::timestamptz - make_interval(days => %(lead_days)s) as is_mature,
        sql.person_id is not null as became_sql,
        case
            when clocks.stopped_at < %(until)s then clocks.business_minutes
            when clocks.due_at < %(until)s then 'infinity'
        end as minutes
    from mqls
    left join mart.stages as sql
        on
            mqls.person_id = sql.person_id
            and mqls.person_cycle = sql.person_cycle
            and sql.stage = 'sql'
            and sql.happened_at >= (select bounds.since from bounds)
            and mqls.happened_at <= sql.happened_at
            and sql.happened_at < mqls.happened_at + make_interval(days => %(lead_days)s)
            and sql.known_at < %(until)s
    left join mart.clocks as clocks
        on mqls.person_id = clocks.lead_id and mqls.person_cycle = clocks.cycle and clocks.clock = 'first_contact'
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

-- name: list_decisions
-- What took effect under a KPI version, the oldest first.
select
    day,
    effective_at,
    decided_by,
    value,
    sla_minutes,
    facts,
    hash
from lifecycle.thresholds
where kpi_version = %(version)s and effective_at <= %(until)s
order by effective_at;

-- name: list_pending_approvals
select
    day::text as day,
    waits_since,
    reason,
    facts ->> 'run_id' as run_id
from lifecycle.thresholds
-- After a day the run is gone, for example deleted, and nobody can answer it.
where waits_since > %(now)s::timestamptz - interval '24 hours'
order by day;

-- name: find_rollback
-- The newest decision, if it rolled changes back less than a day ago: which, and what applied before and since.
select
    newest.effective_at,
    jsonb_build_object(
        'day', newest.day::text,
        'changed_on', (
            select string_agg(changed.day, ', ' order by changed.day)
            from jsonb_array_elements_text(newest.facts -> 'reverted') as changed (day)
        ),
        'was', newest.facts -> 'was',
        'now', newest.facts -> 'now',
        'was_minutes', newest.facts -> 'was_minutes',
        'now_minutes', newest.facts -> 'now_minutes',
        'reason', newest.reason
    ) as facts
from (
    select *
    from lifecycle.thresholds
    where effective_at <= %(now)s::timestamptz
    order by effective_at desc
    limit 1
) as newest
where newest.decided_by = 'reverted' and newest.effective_at > %(now)s::timestamptz - interval '24 hours';
