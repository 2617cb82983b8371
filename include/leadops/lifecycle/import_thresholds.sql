-- name: find_first_own_change
-- The first change that leadops made itself: what is imported lies before it.
select min(effective_at) as effective_at
from lifecycle.thresholds
where effective_at is not null and not facts ? 'imported';

-- name: insert_thresholds
-- A day on which a change is on record keeps it; one on which nothing changed gives way.
insert into lifecycle.thresholds as known (
    day, kpi_version, value, sla_minutes, effective_at, proposed_at, decided_by, reason, plan, facts, hash
)
select
    given.day,
    given.kpi_version,
    given.value,
    given.sla_minutes,
    given.effective_at,
    %(now)s,
    given.decided_by,
    given.reason,
    'keep',
    given.facts,
    given.hash
from
    jsonb_to_recordset(%(rows)s) as given (
        day date, kpi_version text, value integer, sla_minutes double precision, effective_at timestamptz,
        decided_by text, reason text, facts jsonb, hash text
    )
on conflict (day) do update
    set
        kpi_version = excluded.kpi_version,
        value = excluded.value,
        sla_minutes = excluded.sla_minutes,
        effective_at = excluded.effective_at,
        proposed_at = excluded.proposed_at,
        decided_by = excluded.decided_by,
        reason = excluded.reason,
        plan = excluded.plan,
        proposed_value = null,
        proposed_sla_minutes = null,
        answer = null,
        waits_since = null,
        facts = excluded.facts,
        hash = excluded.hash
    where known.effective_at is null
returning day;
