-- name: read_active
select
    value,
    sla_minutes
from lifecycle.thresholds
where kpi_version = %(version)s and effective_at < %(at)s
order by effective_at desc
limit 1;

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

-- name: list_thresholds
-- The newest days first; without a day, of all days.
select
    day,
    kpi_version,
    value,
    sla_minutes,
    effective_at,
    decided_by,
    reason,
    plan,
    proposed_value,
    proposed_sla_minutes,
    answer,
    facts,
    hash
from lifecycle.thresholds
where %(day)s::date is null or day = %(day)s
order by day desc
limit %(max_days)s;

-- name: ask_human
update lifecycle.thresholds
set
    waits_since = coalesce(waits_since, %(now)s),
    answer = null,
    facts = facts || jsonb_build_object('run_id', %(run_id)s::text)
where day = %(day)s and plan = 'ask' and effective_at is null;

-- name: record_answer
-- A later day that repeats the question, without asking, can be answered in its place.
update lifecycle.thresholds
set plan = 'ask', waits_since = null, answer = %(answer)s
where
    day = %(day)s
    and effective_at is null
    and (plan = 'ask' or (plan = 'keep' and facts ->> 'asked_on' is not null));

-- name: apply_proposal
update lifecycle.thresholds
set
    value = proposed_value,
    sla_minutes = proposed_sla_minutes,
    effective_at = %(now)s,
    decided_by = %(decided_by)s,
    waits_since = null
where day = %(day)s and effective_at is null;

-- name: keep_stale
update lifecycle.thresholds
set plan = 'keep', waits_since = null, reason = %(stale)s::text || ', so nothing changes: ' || reason
where day = %(day)s and effective_at is null;
