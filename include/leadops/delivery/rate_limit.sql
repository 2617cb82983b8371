-- name: acquire
-- A token bucket: it refills with time up to the burst, and grants nothing during a pause or a hold. It is below zero
-- where a round took more calls than it was granted.
with before as (
    select
        target,
        paused_until,
        least(
            %(burst)s::double precision,
            tokens + greatest(0, extract(epoch from %(now)s::timestamptz - refilled_at)) * %(rate)s::double precision
        ) as filled
    from delivery.targets
    where target = %(target)s
    for update
),

permits as (
    select
        target,
        filled,
        case
            when paused_until > %(now)s::timestamptz then 0
            when exists (select from delivery.holds where opened_at is null) then 0
            else greatest(least(%(wanted)s::integer, floor(filled)::integer), 0)
        end as granted,
        greatest(
            extract(epoch from paused_until - %(now)s::timestamptz),
            -- Until somebody ends the hold; whoever waits looks again sooner.
            case when exists (select from delivery.holds where opened_at is null) then 3600 end,
            (1 - filled) / %(rate)s::double precision,
            0.001
        )::double precision as wait_seconds
    from before
)

update delivery.targets
set tokens = permits.filled - permits.granted, refilled_at = greatest(delivery.targets.refilled_at, %(now)s)
from permits
where delivery.targets.target = permits.target
returning permits.granted, permits.wait_seconds;

-- name: insert_target
insert into delivery.targets (target, tokens, refilled_at)
values (%(target)s, %(burst)s, %(now)s)
on conflict (target) do nothing;

-- name: release
update delivery.targets
set tokens = tokens + %(count)s
where target = %(target)s;

-- name: pause_target
insert into delivery.targets as known (target, tokens, refilled_at, paused_until, pause_reason)
values (%(target)s, 0, %(until)s, %(until)s, %(reason)s)
on conflict (target) do update
    set
        paused_until = greatest(known.paused_until, excluded.paused_until),
        pause_reason = excluded.pause_reason;
