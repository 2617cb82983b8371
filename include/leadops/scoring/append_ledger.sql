-- One lead's rows lie beside each other, so that delivery can send them in one call.
insert into scoring.ledger (
    lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, reason
)
select
    lead_id,
    points,
    dimension,
    kind,
    rule,
    event_seq,
    occurred_at,
    %(now)s,
    %(rule_set_id)s,
    %(lane)s,
    reason
from differences
order by lead_id, occurred_at, event_seq, rule
