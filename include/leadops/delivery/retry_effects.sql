-- Refused means that it had no effect, so it goes out anew, under a new key.
update delivery.outbox as again
set
    state = 'pending',
    attempts = 0,
    not_before = null,
    error = null,
    idempotency_key = again.idempotency_key || '-again',
    payload = case
        when again.payload ? 'idempotency_key'
            then jsonb_set(again.payload, '{idempotency_key}', to_jsonb(again.idempotency_key || '-again'))
        else again.payload
    end
where again.outbox_id = any(%(outbox_ids)s)
