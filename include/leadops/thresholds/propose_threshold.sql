-- name: find_last_rollback
select max(day) as day
from lifecycle.thresholds
where decided_by = 'reverted' and day > %(since)s and day < %(day)s;

-- name: find_last_model_change
select max(day) as day
from training.decisions
where outcome in ('first', 'replaced') and day > %(since)s and day <= %(day)s;

-- name: list_asked_pairs
-- What a human was asked about before a day, since a human or a rollback last changed the values.
select
    asked.day,
    (asked.facts #>> '{then,threshold}')::double precision as threshold,
    (asked.facts #>> '{then,sla_minutes}')::double precision as sla_minutes
from lifecycle.thresholds as asked
where
    asked.plan = 'ask'
    and asked.effective_at is null
    and asked.kpi_version = %(version)s
    and asked.day < %(day)s
    and not exists (
        select from lifecycle.thresholds as later
        where later.decided_by in ('approved', 'reverted') and later.day >= asked.day and later.day < %(day)s
    )
order by asked.day;

-- name: write_proposal
-- A day that has been decided keeps its row.
insert into lifecycle.thresholds as known (
    day, kpi_version, value, sla_minutes, proposed_at, decided_by, reason, plan, proposed_value,
    proposed_sla_minutes, facts, hash
)
values (
    %(day)s, %(kpi_version)s, %(value)s, %(sla_minutes)s, %(now)s, 'kept', %(reason)s, %(plan)s,
    %(proposed_value)s, %(proposed_sla_minutes)s, %(facts)s, %(hash)s
)
on conflict (day) do update
    set
        kpi_version = excluded.kpi_version,
        value = excluded.value,
        sla_minutes = excluded.sla_minutes,
        proposed_at = excluded.proposed_at,
        reason = excluded.reason,
        plan = excluded.plan,
        proposed_value = excluded.proposed_value,
        proposed_sla_minutes = excluded.proposed_sla_minutes,
        facts = excluded.facts,
        hash = excluded.hash,
        answer = null,
        waits_since = null
    where known.effective_at is null;
