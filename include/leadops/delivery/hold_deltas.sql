insert into delivery.held_deltas (ledger_seq, target, lead_id, lane)
select
    seq,
    %(target)s,
    lead_id,
    lane
from scoring.ledger
where seq = any(%(seqs)s)
on conflict (ledger_seq) do nothing
