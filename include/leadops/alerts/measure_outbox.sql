-- Per target: the oldest live effect that has not arrived, and how much waits behind it.
-- What a person sent again counts from then on, not from when it was first wanted.
with waiting as (
    select
        outbox.target,
        min(greatest(outbox.created_at, retried.retried_at)) as oldest_at,
        count(*) as effects,
        count(distinct outbox.lead_id) as leads
    from delivery.outbox
    cross join
        lateral (
            select max(letters.settled_at) as retried_at
            from delivery.dead_letters as letters
            where
                letters.kind = 'effect'
                and letters.reference = outbox.outbox_id
                and letters.state = 'retried'
        ) as retried
    where outbox.state in ('pending', 'sending') and outbox.lane = 0
    group by outbox.target
)

select
    waiting.target,
    waiting.oldest_at,
    waiting.effects,
    waiting.leads,
    targets.paused_until,
    targets.pause_reason
from waiting
left join delivery.targets on waiting.target = targets.target
