-- name: insert_requests
insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
select
    'crm',
    'create_lead',
    asked.lead_id,
    jsonb_build_object(
        'email', asked.email,
        'company', asked.company,
        'source', asked.source,
        'idempotency_key', asked.idempotency_key
    ),
    'crm-lead-' || asked.lead_id || '-' || asked.cycle,
    asked.lane,
    %(now)s
from
    jsonb_to_recordset(%(requests)s) as asked (
        lead_id bigint, cycle integer, email text, company text, source text, idempotency_key text, lane smallint
    )
order by asked.lead_id
on conflict (idempotency_key) do nothing;
