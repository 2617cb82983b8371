select
    coalesce(sum(ledger.points), 0),
    coalesce((select scores.total from scoring.scores as scores where scores.lead_id = %(lead_id)s), 0),
    coalesce(sum(ledger.points) filter (where undelivered.why <> 'dropped'), 0),
    coalesce(bool_or(undelivered.why = 'sending'), false)
from scoring.ledger as ledger
left join delivery.undelivered_deltas as undelivered on ledger.seq = undelivered.ledger_seq
where ledger.lead_id = %(lead_id)s
