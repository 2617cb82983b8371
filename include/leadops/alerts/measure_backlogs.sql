-- Per target: the oldest live change that has not arrived, and how much waits behind it.
-- What a person sent again counts from then on, not from when it was first wanted.
with retried as (
    select
        target,
        kind,
        reference,
        max(settled_at) as retried_at
    from delivery.dead_letters
    where state = 'retried'
    group by target, kind, reference
),

waiting as (
    -- cut into no batch yet
    select
        'ma' as target,
        min(ledger.recorded_at) as oldest_at,
        count(*) as deltas,
        0 as effects
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
        sum(batches.deltas),
        0
    from delivery.batches
    left join scoring.ledger on batches.from_seq = ledger.seq
    where batches.state = 'ready' and batches.lane = 0
    group by batches.target
    union all
    -- held until the lead is known
    select
        held.target,
        min(greatest(ledger.recorded_at, retried.retried_at)),
        count(*),
        0
    from delivery.held_deltas as held
    inner join scoring.ledger on held.ledger_seq = ledger.seq
    left join retried
        on held.target = retried.target and retried.kind = 'delta' and held.ledger_seq = retried.reference
    where held.lane = 0
    group by held.target
    union all
    select
        outbox.target,
        min(greatest(outbox.created_at, retried.retried_at)),
        0,
        count(*)
    from delivery.outbox
    left join retried
        on outbox.target = retried.target and retried.kind = 'effect' and outbox.outbox_id = retried.reference
    where outbox.state in ('pending', 'sending') and outbox.lane = 0
    group by outbox.target
),

summed as (
    select
        target,
        min(oldest_at) as oldest_at,
        sum(deltas)::bigint as deltas,
        sum(effects)::bigint as effects
    from waiting
    group by target
)

select
    summed.target,
    summed.oldest_at,
    summed.deltas,
    summed.effects,
    targets.paused_until,
    targets.pause_reason
from summed
left join delivery.targets on summed.target = targets.target
where summed.oldest_at is not null
