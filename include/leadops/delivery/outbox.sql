-- name: insert_effect
insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
values (
    %(target)s, %(operation)s, %(lead_id)s, %(payload)s, %(idempotency_key)s, %(lane)s, %(created_at)s
)
on conflict (idempotency_key) do nothing;

-- name: lock_due
-- New effects in order; with is_retry, those that failed and are due again, the longest due first. The key is sent
-- with the row's nonce: a restored database, or another one on the same target, counts its leads from the same number.
select
    outbox_id,
    operation,
    lead_id,
    nonce || '-' || idempotency_key as idempotency_key,
    payload,
    request,
    body,
    attempts,
    first_sent_at,
    may_have_arrived,
    gone_answers
from delivery.outbox
where
    target = %(target)s and lane = %(lane)s and state = 'sending' and body is not null and first_sent_at is not null
    and (not_before is not null) = %(is_retry)s
    and coalesce(not_before, %(now)s) <= %(now)s
    and (
        %(claimed_at)s::timestamptz is null
        or not_before is not null
        or first_sent_at = %(claimed_at)s
        or first_sent_at <= %(claimed_before)s
    )
order by not_before, outbox_id
limit %(max_rows)s
for update skip locked;

-- name: close_effect
update delivery.outbox
set
    state = %(state)s::text,
    attempts = attempts + %(tries)s::integer,
    not_before = %(not_before)s,
    may_have_arrived = (may_have_arrived or %(may_have_arrived)s) and %(state)s::text <> 'pending',
    gone_answers = case when %(state)s::text = 'pending' then 0 else gone_answers + %(is_gone)s::boolean::integer end,
    -- What waits for its lead gets another call, under another key: that of the id which the lead has then.
    nonce = case when %(state)s::text = 'pending' then delivery.make_nonce() else nonce end,
    request = case when %(state)s::text = 'pending' then null else request end,
    body = case when %(state)s::text = 'pending' then null else body end,
    settled_at = case when %(state)s::text in ('pending', 'sending') then null else %(now)s::timestamptz end,
    answer = %(answer)s,
    error = %(error)s
where outbox_id = %(outbox_id)s;

-- name: release_effects
-- Calls that were not sent, or only answered as without effect: their keys are unused, and no memory counts.
update delivery.outbox
set first_sent_at = null
where outbox_id = any(%(outbox_ids)s::bigint[]) and state = 'sending' and not may_have_arrived;

-- name: find_next_retry
select min(not_before)
from (
    select not_before
    from delivery.outbox
    where target = %(target)s and state = 'sending' and not_before is not null
    for update skip locked
) as failed;

-- name: purge_effects
update delivery.outbox
set payload = '{}', request = null, body = null, answer = null
where outbox_id in (
    select settled.outbox_id
    from delivery.outbox as settled
    where settled.state in ('done', 'dropped') and settled.body is not null and settled.settled_at < %(before)s
    order by settled.settled_at
    limit %(max_rows)s
);
