-- name: delete_waiting
delete from scoring.inbox
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_schedule
delete from scoring.decay_schedule
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_reasons
update scoring.ledger
set reason = regexp_replace(reason, %(pattern)s::text, '[erased]', 'gi')
where lead_id = any(%(lead_ids)s::bigint[]) and reason ~* %(pattern)s::text;
