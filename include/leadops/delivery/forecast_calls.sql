-- name: count_waiting
-- Score changes go to the target whose cursor follows the ledger.
select
    lanes.lane,
    (
        select count(*)
        from delivery.outbox
        where
            outbox.target = %(target)s and outbox.lane = lanes.lane and outbox.state in ('pending', 'sending')
    ) as effects,
    (
        select count(*)
        from delivery.batches
        where batches.target = %(target)s and batches.lane = lanes.lane and batches.state = 'ready'
    ) as batches,
    (
        select count(*)
        from delivery.held_deltas as held
        where held.target = %(target)s and held.lane = lanes.lane
    ) + (
        select count(*)
        from scoring.ledger as ledger
        where
            ledger.lane = lanes.lane
            and ledger.seq > coalesce(
                (
                    select cursors.ledger_seq from delivery.cursors
                    where cursors.target = %(target)s and cursors.lane = lanes.lane
                ), 0
            )
            and %(target)s = 'ma'
    ) as deltas
from unnest(%(lanes)s::smallint[]) as lanes (lane)
order by lanes.lane;
