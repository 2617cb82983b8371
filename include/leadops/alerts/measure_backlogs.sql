-- Per target: the oldest live score change that has not arrived, and how much waits behind it.
-- What a person sent again counts from then on, not from when it was first wanted.
with retried as (
    select
        target,
        reference,
        max(settled_at) as retried_at
    from delivery.dead_letters
    where state = 'retried' and kind = 'delta'
    group by target, reference
),

waiting as (
    -- cut into no batch yet
    select
        'ma' as target,
        min(ledger.recorded_at) as oldest_at,
        count(*) as deltas
    from scoring.ledger
    where
        ledger.lane = 0
        and ledger.seq > coalesce(
            (select ledger_seq from delivery.cursors where target = 'ma' and lane = 0), 0
        )
    union all
    -- in a batch that is not settled
    select
        batches.target,
        min(coalesce(ledger.recorded_at, batches.created_at)),
        sum(batches.deltas)
    from delivery.batches
    left join scoring.ledger on batches.from_seq = ledger.seq
    where batches.state = 'ready' and batches.lane = 0
    group by batches.target
    union all
    -- held until the lead is known
    select
        held.target,
        min(greatest(ledger.recorded_at, retried.retried_at)),
        count(*)
    from delivery.held_deltas as held
    inner join scoring.ledger on held.ledger_seq = ledger.seq
    left join retried
        on held.target = retried.target and held.ledger_seq = retried.reference
    where held.lane = 0
    group by held.target
),

summed as (
    select
        target,
        min(oldest_at) as oldest_at,
        sum(deltas)::bigint as deltas
    from waiting
    group by target
)

select
    summed.target,
    summed.oldest_at,
    summed.deltas,
    targets.paused_until,
    targets.pause_reason
from summed
left join delivery.targets on summed.target = targets.target
where summed.oldest_at is not null
