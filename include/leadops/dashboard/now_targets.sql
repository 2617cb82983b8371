-- name: count_calls
-- Calls and refusals by system. The newest dead letters are looked at, more than a day has.
with newest as (
    select
        letters.target,
        letters.reason,
        letters.died_at,
        letters.dead_letter_id
    from delivery.dead_letters as letters
    order by letters.dead_letter_id desc
    limit 10000
),

refusals as (
    select
        newest.target,
        count(*) as refused,
        (array_agg(newest.reason order by newest.dead_letter_id desc))[1] as reason
    from newest
    where newest.died_at > %(day_ago)s::timestamptz
    group by newest.target
),

calls as (
    select
        counts.target,
        coalesce(
            sum(counts.calls) filter (where counts.starts_at > %(hour_ago)s::timestamptz), 0
        )::bigint as hour_calls,
        sum(counts.calls)::bigint as day_calls
    from delivery.call_counts as counts
    where counts.starts_at > %(day_ago)s::timestamptz
    group by counts.target
),

open_letters as (
    select
        letters.target,
        count(*) as letters
    from delivery.dead_letters as letters
    where letters.state = 'open'
    group by letters.target
)

select
    targets.target,
    targets.paused_until,
    targets.pause_reason,
    coalesce(calls.hour_calls, 0) as hour_calls,
    coalesce(calls.day_calls, 0) as day_calls,
    coalesce(refusals.refused, 0) as refused,
    refusals.reason,
    coalesce(open_letters.letters, 0) as dead_letters
from delivery.targets
left join calls on targets.target = calls.target
left join refusals on targets.target = refusals.target
left join open_letters on targets.target = open_letters.target
order by targets.target;
