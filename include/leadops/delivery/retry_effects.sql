-- Refused at the first try means that it had no effect, so it goes out anew, under a new key. After a try of
-- unknown outcome it keeps its key, so that a target which remembers it makes no second effect.
update delivery.outbox as again
set
    state = 'pending',
    attempts = 0,
    not_before = null,
    error = null,
    idempotency_key = again.idempotency_key || case when again.attempts > 1 then '' else '-again' end,
    payload = case
        when again.payload ? 'idempotency_key' and again.attempts <= 1
            then jsonb_set(again.payload, '{idempotency_key}', to_jsonb(again.idempotency_key || '-again'))
        else again.payload
    end
where again.outbox_id = any(%(outbox_ids)s)
