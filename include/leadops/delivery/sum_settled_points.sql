with undelivered as (
    select
        undelivered_deltas.ledger_seq,
        undelivered_deltas.batch_id
    from delivery.undelivered_deltas
    where undelivered_deltas.target = %(target)s
),

rows_of_lead as (
    select
        ledger.points,
        undelivered.ledger_seq as undelivered_seq,
        undelivered.batch_id
    from delivery.external_ids as known
    inner join scoring.ledger as ledger on known.lead_id = ledger.lead_id
    left join undelivered on ledger.seq = undelivered.ledger_seq
    where
        known.target = %(target)s and known.external_id = %(external_id)s
        and ledger.lane is not null
)

select
    coalesce(sum(points) filter (where undelivered_seq is null), 0),
    coalesce(bool_or(batch_id <> %(batch_id)s), false)
from rows_of_lead
