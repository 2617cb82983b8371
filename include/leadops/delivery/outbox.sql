-- name: insert_effect
insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
values (
    %(target)s, %(operation)s, %(lead_id)s, %(payload)s, %(idempotency_key)s, %(lane)s, %(created_at)s
)
on conflict (idempotency_key) do nothing;

-- name: count_idle
-- Marked effects that no process is sending: a process ended before it reached them.
select count(*)
from (
    select outbox_id
    from delivery.outbox
    where target = %(target)s and lane = %(lane)s and state = 'sending' and not_before is null
    order by outbox_id
    limit %(max_rows)s
    for update skip locked
) as idle;

-- name: mark_sending
-- From this commit on these effects may have been sent: the process that locks them finishes them. An operation of
-- with_id waits until the target has the lead and we its id, and for all earlier effects on the lead.
with due as (
    select waiting.outbox_id
    from delivery.outbox as waiting
    where
        waiting.target = %(target)s and waiting.lane = %(lane)s and waiting.state = 'pending'
        and (
            waiting.operation <> all(%(with_id)s::text[])
            or (
                exists (
                    select 1 from delivery.external_ids as known
                    where
                        known.target = waiting.target
                        and known.lead_id = waiting.lead_id
                        and known.state = 'present'
                )
                and not exists (
                    select 1 from delivery.outbox as earlier
                    where
                        earlier.target = waiting.target
                        and earlier.lead_id = waiting.lead_id
                        and earlier.outbox_id < waiting.outbox_id
                        and earlier.state in ('pending', 'sending')
                )
            )
        )
    order by waiting.outbox_id
    limit %(max_rows)s
    for update skip locked
)

update delivery.outbox
set state = 'sending', body = payload::text, first_sent_at = %(now)s
from due
where delivery.outbox.outbox_id = due.outbox_id;

-- name: lock_due
-- New effects in order; with is_retry, those that failed and are due again, the longest due first. The key is sent
-- with the row's nonce: a restored database, or another one on the same target, counts its leads from the same number.
select
    outbox_id,
    operation,
    lead_id,
    nonce || '-' || idempotency_key as idempotency_key,
    body,
    attempts,
    first_sent_at
from delivery.outbox
where
    target = %(target)s and lane = %(lane)s and state = 'sending'
    and (not_before is not null) = %(is_retry)s
    and coalesce(not_before, %(now)s) <= %(now)s
order by not_before, outbox_id
limit %(max_rows)s
for update skip locked;

-- name: close_effect
update delivery.outbox
set
    state = %(state)s::text,
    attempts = attempts + 1,
    not_before = %(not_before)s,
    settled_at = case when %(state)s::text in ('pending', 'sending') then null else %(now)s::timestamptz end,
    answer = %(answer)s,
    error = %(error)s
where outbox_id = %(outbox_id)s;

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
set payload = '{}', body = null, answer = null
where outbox_id in (
    select settled.outbox_id
    from delivery.outbox as settled
    where settled.state in ('done', 'dropped') and settled.body is not null and settled.settled_at < %(before)s
    order by settled.settled_at
    limit %(max_rows)s
);
