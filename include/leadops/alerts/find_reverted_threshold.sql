-- The newest decision, where it took a change back less than a day ago, and what the change had been: `then` of its
-- forecasts is what it brought into force, `now` is what held before it.
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
where newest.decided_by = 'reverted' and newest.effective_at > %(now)s::timestamptz - interval '24 hours'
