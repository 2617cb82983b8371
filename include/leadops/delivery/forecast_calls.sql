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
    ) as deltas,
    (
        select count(distinct waiting.lead_id)
        from (
            select held.lead_id
            from delivery.held_deltas as held
            where %(sets_totals)s and held.target = %(target)s and held.lane = lanes.lane
            union all
            select ledger.lead_id
            from scoring.ledger as ledger
            where
                %(sets_totals)s
                and ledger.lane = lanes.lane
                and ledger.seq > coalesce(
                    (
                        select cursors.ledger_seq from delivery.cursors
                        where cursors.target = %(target)s and cursors.lane = lanes.lane
                    ), 0
                )
                and %(target)s = 'ma'
            union all
            select wanted.lead_id
            from delivery.totals as wanted
            where
                %(sets_totals)s
                and wanted.target = %(target)s and wanted.due_at <= %(now)s and lanes.lane = %(again_lane)s
        ) as waiting
    ) as totals
from unnest(%(lanes)s::smallint[]) as lanes (lane)
order by lanes.lane;
