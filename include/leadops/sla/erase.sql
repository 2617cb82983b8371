-- name: delete_waiting
delete from sla.inbox
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_clocks
delete from sla.clocks
where lead_id = any(%(lead_ids)s::bigint[]) and state in ('running', 'at_risk', 'held', 'breached');

-- name: delete_breaches
delete from sla.breaches
where lead_id = any(%(lead_ids)s::bigint[]) and state in ('at_risk', 'held', 'breached');

-- name: clear_clocks
update sla.clocks
set evidence = erased.clear_json(evidence, %(pattern)s)
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_breaches
update sla.breaches
set evidence = erased.clear_json(evidence, %(pattern)s)
where lead_id = any(%(lead_ids)s::bigint[]);
