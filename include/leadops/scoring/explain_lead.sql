select
    ledger.seq,
    ledger.occurred_at,
    ledger.recorded_at,
    ledger.points,
    sum(ledger.points) over (order by ledger.seq)::integer as running,
    ledger.dimension,
    ledger.kind,
    ledger.rule,
    events.event,
    ledger.reason
from scoring.ledger as ledger
left join cdp.events as events on ledger.event_seq = events.seq
where ledger.lead_id = %(lead_id)s
order by ledger.seq
