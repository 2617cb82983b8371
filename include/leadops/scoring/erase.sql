-- name: delete_waiting
delete from scoring.inbox
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_schedule
delete from scoring.decay_schedule
where lead_id = any(%(lead_ids)s::bigint[]);
