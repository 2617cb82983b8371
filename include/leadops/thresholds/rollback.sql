-- name: find_change
-- The newest decision, where it is a change and not too long ago, and whether the day has been decided.
select
    newest.day,
    newest.effective_at,
    newest.facts,
    exists(
        select from lifecycle.thresholds as own
        where own.day = %(day)s and own.effective_at is not null
    ) as is_decided
from (
    select *
    from lifecycle.thresholds
    where effective_at < %(until)s
    order by effective_at desc
    limit 1
) as newest
where
    newest.kpi_version = %(version)s
    and newest.decided_by in ('automatic', 'approved')
    and newest.effective_at >= %(since)s;

-- name: measure_period
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
            and sql.occurred_at >= %(starts)s
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

-- name: revert_change
-- What held before the change holds again.
insert into lifecycle.thresholds as known (
    day, kpi_version, value, sla_minutes, effective_at, proposed_at, decided_by, reason, plan, facts, hash
)
select
    %(day)s::date,
    changed.kpi_version,
    (changed.facts #>> '{before,value}')::integer as value,
    (changed.facts #>> '{before,sla_minutes}')::double precision as sla_minutes,
    %(now)s::timestamptz,
    %(now)s::timestamptz as proposed_at,
    'reverted',
    %(reason)s::text,
    'apply',
    %(facts)s::jsonb,
    changed.hash
from lifecycle.thresholds as changed
where changed.day = %(changed_on)s
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
