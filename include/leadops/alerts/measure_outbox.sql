-- Per target: the oldest live effect that has not arrived, and how much waits behind it.
-- What a person sent again counts from then on, not from when it was first wanted.
with retried as (
    select
        reference as outbox_id,
        max(settled_at) as retried_at
    from delivery.dead_letters
    where state = 'retried' and kind = 'effect'
    group by reference
),

waiting as (
    select
        outbox.target,
        min(greatest(outbox.created_at, retried.retried_at)) as oldest_at,
        count(*) as effects,
        count(distinct outbox.lead_id) as leads
    from delivery.outbox
    left join retried on outbox.outbox_id = retried.outbox_id
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
