select
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
where day = %(day)s
order by decision_id desc
limit 1
