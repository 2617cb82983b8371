-- Per target: the oldest live score change that has not arrived, and how much waits behind it.
-- What a person sent again counts from then on, not from when it was first wanted.
with waiting as (
    -- cut into no batch yet: looked up in order from the cursor on, never far from the end; a million are enough
    select
        'ma' as target,
        min(behind.recorded_at) as oldest_at,
        count(*) as deltas
    from (
        select ledger.recorded_at
        from scoring.ledger
        where
            ledger.lane = 0
            and ledger.seq > coalesce(
                (select ledger_seq from delivery.cursors where target = 'ma' and lane = 0), 0
            )
        order by ledger.seq
        limit 1000000
    ) as behind
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
    -- held until the lead is known; one that nobody makes any more is told by its dead letter, not by this
    select
        held.target,
        min(greatest(ledger.recorded_at, retried.retried_at)),
        count(*)
    from delivery.held_deltas as held
    inner join scoring.ledger on held.ledger_seq = ledger.seq
    cross join
        lateral (
            select max(letters.settled_at) as retried_at
            from delivery.dead_letters as letters
            where
                letters.kind = 'delta'
                and letters.reference = held.ledger_seq
                and letters.target = held.target
                and letters.state = 'retried'
        ) as retried
    where
        held.lane = 0
        and not (
            exists (
                select 1 from delivery.outbox as given_up
                where
                    given_up.lead_id = held.lead_id
                    and given_up.target = held.target
                    and given_up.operation = 'upsert_lead'
                    and given_up.state in ('dead', 'dropped')
            )
            and not exists (
                select 1 from delivery.external_ids as known
                where known.target = held.target and known.lead_id = held.lead_id
            )
            and not exists (
                select 1 from delivery.outbox as making
                where
                    making.lead_id = held.lead_id
                    and making.target = held.target
                    and making.operation = 'upsert_lead'
                    and making.state in ('pending', 'sending')
            )
        )
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
