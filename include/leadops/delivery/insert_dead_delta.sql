insert into delivery.dead_letters (target, kind, reference, lead_id, points, reason, died_at)
select
    %(target)s,
    'delta',
    seq,
    lead_id,
    points,
    %(reason)s,
    %(now)s
from scoring.ledger
where seq = %(ledger_seq)s
