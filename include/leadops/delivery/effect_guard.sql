-- name: read_waiting
select
    outbox_id,
    operation,
    lead_id,
    idempotency_key,
    payload,
    created_at
from delivery.outbox
where outbox_id = any(%(outbox_ids)s::bigint[])
order by outbox_id;
