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
-- The newest decision, if it rolled a change back less than a day ago, and that change: `then` of its forecasts is what
-- it put into effect, `now` is what applied before it.
select
    newest.effective_at,
    jsonb_build_object(
        'day', newest.day::text,
        'changed_on', changed.day::text,
        'was', changed.facts #> '{then,threshold}',
        'now', changed.facts #> '{now,threshold}',
        'was_minutes', changed.facts #> '{then,sla_minutes}',
        'now_minutes', changed.facts #> '{now,sla_minutes}',
        'reason', newest.reason
    ) as facts
from (
    select *
    from lifecycle.thresholds
    where effective_at <= %(now)s::timestamptz
    order by effective_at desc
    limit 1
) as newest
inner join lifecycle.thresholds as changed on (newest.facts ->> 'watched')::date = changed.day
where newest.decided_by = 'reverted' and newest.effective_at > %(now)s::timestamptz - interval '24 hours';
