-- name: lock_waiting
-- Another admission at the same time skips these items.
select
    quarantine_id,
    received_at,
    body,
    is_history,
    user_agent,
    proof
from cdp.quarantine
where
    state = 'waiting'
    and quarantine_id > %(after)s
    and (%(ids)s::bigint[] is null or quarantine_id = any(%(ids)s))
    and (%(reason)s::text is null or reason = %(reason)s)
order by quarantine_id
limit %(max_rows)s
for update skip locked;

-- name: update_reason
update cdp.quarantine
set
    reason = %(reason)s,
    detail = %(detail)s
where quarantine_id = %(quarantine_id)s;

-- name: mark_admitted
-- The event is stored now, or its event_id was known before.
update cdp.quarantine
set
    state = 'admitted',
    admitted_body = %(admitted_body)s,
    settled_at = %(now)s
where quarantine_id = %(quarantine_id)s;
