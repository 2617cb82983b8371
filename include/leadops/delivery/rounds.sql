-- name: list_effects
-- The lanes in which the outbox has something to send.
select
    'effects' as kind,
    lanes.lane
from unnest(%(lanes)s::smallint[]) as lanes (lane)
where
    exists (
        select from delivery.outbox
        where
            outbox.target = %(target)s and outbox.lane = lanes.lane and outbox.state in ('pending', 'sending')
            and coalesce(outbox.not_before, %(now)s::timestamptz) <= %(now)s::timestamptz
    );

-- name: list_score_work
-- What there may be to do about scores. A cursor behind the end of the ledger is work even if its lane has no new
-- row: else each look would search all rows since.
select
    'unaligned' as kind,
    lanes.lane
from unnest(%(lanes)s::smallint[]) as lanes (lane)
where
    exists (
        select from delivery.external_ids as known
        where
            known.target = %(target)s and known.state = 'unaligned'
            and coalesce(known.not_before, %(now)s::timestamptz) <= %(now)s::timestamptz
    )
union all
select
    'batches' as kind,
    lanes.lane
from unnest(%(lanes)s::smallint[]) as lanes (lane)
where
    exists (
        select from delivery.batches
        where
            batches.target = %(target)s and batches.lane = lanes.lane and batches.state = 'ready'
            and coalesce(batches.not_before, %(now)s::timestamptz) <= %(now)s::timestamptz
    )
    or exists (
        select from delivery.held_deltas as held
        where held.target = %(target)s and held.lane = lanes.lane
    )
    or (select max(ledger.seq) from scoring.ledger as ledger) > coalesce(
        (
            select cursors.ledger_seq from delivery.cursors
            where cursors.target = %(target)s and cursors.lane = lanes.lane
        ), 0
    );
