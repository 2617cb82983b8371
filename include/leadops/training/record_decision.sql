insert into training.decisions
(day, outcome, reason, model_id, champion_id, inputs_hash, findings, decided_at)
values (
    %(day)s, %(outcome)s, %(reason)s, %(model_id)s, %(champion_id)s, %(inputs_hash)s, %(findings)s, %(now)s
)
