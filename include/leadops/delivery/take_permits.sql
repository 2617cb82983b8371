-- A token bucket: refilled by the time that passed, never above the burst, nothing given during a pause.
with before as (
    select
        target,
        paused_until,
        least(
            %(burst)s::double precision,
            tokens + greatest(0, extract(epoch from %(now)s - refilled_at)) * %(rate)s::double precision
        ) as filled
    from delivery.targets
    where target = %(target)s
    for update
),

given as (
    select
        target,
        filled,
        case
            when paused_until > %(now)s then 0
            else least(%(wanted)s::integer, floor(filled)::integer)
        end as granted,
        greatest(
            extract(epoch from paused_until - %(now)s),
            (1 - filled) / %(rate)s::double precision,
            0.001
        )::double precision as wait
    from before
)

update delivery.targets
set tokens = given.filled - given.granted, refilled_at = greatest(delivery.targets.refilled_at, %(now)s)
from given
where delivery.targets.target = given.target
returning given.granted, given.wait
