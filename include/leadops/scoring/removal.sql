-- name: delete_waiting
delete from scoring.inbox
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_schedule
delete from scoring.decay_schedule
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: remove_canary
-- Nobody counts what a canary got: its rows go as a whole, and ledger and scores still agree.
with ledger as (
    delete from scoring.ledger where lead_id = %(lead_id)s
),

scores as (
    delete from scoring.scores where lead_id = %(lead_id)s
)

delete from scoring.inbox where lead_id = %(lead_id)s;
