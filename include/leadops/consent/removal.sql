-- name: delete_statements
delete from consent.statements
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_reasons
update consent.statements
set because = left(erased.clear_text(because, %(pattern)s), 1000)
where because ~* %(pattern)s::text;

-- name: delete_records
delete from consent.records
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_waiting
delete from consent.inbox
where lead_id = any(%(lead_ids)s::bigint[]) or crm_lead_id = any(%(crm_ids)s::text[]);
