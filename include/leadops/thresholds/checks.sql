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
