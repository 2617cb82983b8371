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
