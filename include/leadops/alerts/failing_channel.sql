-- name: record_failing
insert into alerts.failing_channels as known (channel, failing_since, tried_at, rest_until, waiting, problem)
values (%(channel)s, %(now)s, %(now)s, %(rest_until)s, %(waiting)s, %(problem)s)
on conflict (channel) do update
    set
        tried_at = excluded.tried_at,
        rest_until = excluded.rest_until,
        waiting = excluded.waiting,
        problem = excluded.problem;

-- name: clear_failing
delete from alerts.failing_channels
where channel = %(channel)s;

-- name: is_resting
select count(*) from alerts.failing_channels
where channel = %(channel)s and rest_until > %(now)s;

-- name: list_failing
-- By its attempts: one that nobody tries any more does not fail for longer.
select
    channel,
    failing_since,
    waiting,
    problem
from alerts.failing_channels
where tried_at >= failing_since + %(least)s::interval and tried_at > %(tried_after)s
order by channel;
