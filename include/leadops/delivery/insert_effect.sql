insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
values (
    %(target)s, %(operation)s, %(lead_id)s, %(payload)s, %(idempotency_key)s, %(lane)s, %(created_at)s
)
on conflict (idempotency_key) do nothing
