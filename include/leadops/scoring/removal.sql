-- name: delete_waiting
delete from scoring.inbox
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_schedule
delete from scoring.decay_schedule
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: remove_canary
with waiting as (
    delete from scoring.inbox where lead_id = %(lead_id)s
)

select scoring.remove_canary(%(lead_id)s);
