-- name: record_lane
insert into live.lanes as known (
    name, started_at, seen_at, worked_at, is_on, rounds, events, leads, lag_seconds, problem
)
values (
    %(name)s,
    %(started_at)s,
    %(now)s,
    case when %(problem)s::text is null then %(now)s::timestamptz end,
    %(is_on)s,
    %(rounds)s,
    %(events)s,
    %(leads)s,
    %(lag_seconds)s,
    %(problem)s
)
on conflict (name) do update
    set
        started_at = excluded.started_at,
        seen_at = excluded.seen_at,
        worked_at = coalesce(excluded.worked_at, known.worked_at),
        is_on = excluded.is_on,
        rounds = known.rounds + excluded.rounds,
        events = known.events + excluded.events,
        leads = known.leads + excluded.leads,
        lag_seconds = excluded.lag_seconds,
        problem = excluded.problem;

-- name: forget_lanes
delete from live.lanes
where seen_at < %(before)s and name <> %(name)s;

-- name: find_silence
-- The lane that worked last, where no lane has since `before`; none where the last one was switched off, or where there
-- never was one.
select
    last.name as lane,
    coalesce(last.worked_at, last.started_at) as last_at,
    last.problem
from (
    select *
    from live.lanes
    order by coalesce(worked_at, started_at) desc, name
    limit 1
) as last
where
    coalesce(last.worked_at, last.started_at) < %(before)s
    and not exists (select from live.lanes as off where not off.is_on and off.seen_at >= last.seen_at);
