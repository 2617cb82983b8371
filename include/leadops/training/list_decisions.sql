select distinct on (day)
    decision_id,
    day,
    outcome,
    reason,
    model_id,
    champion_id,
    inputs_hash,
    findings,
    decided_at
from training.decisions
order by day desc, decision_id desc
limit %(most)s
