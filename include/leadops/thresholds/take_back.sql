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
    where known.effective_at is null
