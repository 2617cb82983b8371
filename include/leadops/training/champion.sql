-- name: lock_decisions
lock table training.decisions in share row exclusive mode;

-- name: list_decisions
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
where %(day)s::date is null or day = %(day)s::date
order by day desc, decision_id desc
limit %(max_days)s;

-- name: find_champion
-- A past day that is decided again changes nothing today once a later day has decided.
select champion_id
from training.decisions
where %(before)s::date is null or day < %(before)s::date
order by day desc, decision_id desc
limit 1;

-- name: record_decision
insert into training.decisions
(day, outcome, reason, model_id, champion_id, inputs_hash, findings, decided_at)
values (
    %(day)s, %(outcome)s, %(reason)s, %(model_id)s, %(champion_id)s, %(inputs_hash)s, %(findings)s, %(now)s
);
