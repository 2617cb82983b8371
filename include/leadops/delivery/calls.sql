-- name: insert_effect
insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
values (
    %(target)s, %(operation)s, %(lead_id)s, %(payload)s, %(idempotency_key)s, %(lane)s, %(created_at)s
)
on conflict (idempotency_key) do nothing;

-- name: lock_due_effects
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

-- name: drop_pending
-- Of these keys what waits, and what no other process is about to send.
with waiting as (
    select outbox_id
    from delivery.outbox
    where idempotency_key = any(%(keys)s::text[]) and state = 'pending'
    order by outbox_id
    for update skip locked
)

update delivery.outbox
set state = 'dropped', error = %(reason)s, settled_at = %(now)s
from waiting
where delivery.outbox.outbox_id = waiting.outbox_id
returning outbox.idempotency_key;

-- name: release_effects
-- Calls that were not sent, or only answered as without effect: their keys are unused, and no memory counts.
update delivery.outbox
set first_sent_at = null
where outbox_id = any(%(outbox_ids)s::bigint[]) and state = 'sending' and not may_have_arrived;

-- name: find_next_effect_retry
select min(not_before)
from (
    select not_before
    from delivery.outbox
    where target = %(target)s and state = 'sending' and not_before is not null
    for update skip locked
) as failed;

-- name: list_waiting_slices
select mod(slice, %(slices)s::smallint) as slice
from delivery.batches
where
    target = %(target)s and lane = %(lane)s and state = 'ready'
    and coalesce(not_before, %(now)s) <= %(now)s
group by mod(slice, %(slices)s::smallint)
order by min(batch_id);

-- name: lock_due_batches
-- New batches in order; with is_retry, those that failed and are due again, the longest due first.
select batch_id
from delivery.batches
where
    target = %(target)s and lane = %(lane)s and state = 'ready' and first_sent_at is not null
    and mod(slice, %(slices)s::smallint) = %(slice)s
    and (not_before is not null) = %(is_retry)s
    and coalesce(not_before, %(now)s) <= %(now)s
    and (
        %(claimed_at)s::timestamptz is null
        or not_before is not null
        or first_sent_at = %(claimed_at)s
        or first_sent_at <= %(claimed_before)s
    )
order by not_before, batch_id
limit %(max_rows)s
for update skip locked;

-- name: read_batches
-- One that was never claimed has no call, and was not sent.
select
    batches.batch_id,
    batches.idempotency_key,
    batches.nonce,
    batches.rows::text as rows,
    coalesce(batches.request, '{}') as request,
    coalesce(batches.body, '') as body,
    batches.attempts,
    coalesce(batches.first_sent_at, batches.created_at) as first_sent_at,
    batches.may_have_arrived,
    batches.is_answered,
    batches.is_read_back
from unnest(%(batch_ids)s::bigint[]) with ordinality as locked (batch_id, place)
inner join delivery.batches as batches on locked.batch_id = batches.batch_id
order by locked.place;

-- name: close_batch
update delivery.batches
set
    state = %(state)s::text,
    attempts = attempts + 1,
    not_before = %(not_before)s,
    may_have_arrived = may_have_arrived or %(may_have_arrived)s,
    is_answered = is_answered or %(is_answered)s,
    settled_at = case when %(state)s::text = 'ready' then null else %(now)s::timestamptz end,
    error = %(error)s
where batch_id = %(batch_id)s;

-- name: insert_part
-- The target said that these rows had no effect: they may go out again in other calls, under new keys. They stay as
-- old as they were: the oldest row of the ledger says it, and for held changes the batch that they were built into.
-- Batches of the same slice were built in the meantime, so that later changes of their leads wait for them (slices 0).
insert into delivery.batches (
    target, lane, slice, slices, idempotency_key, nonce, from_seq, deltas, ledger_seqs, rows, attempts, not_before,
    created_at, error, may_have_arrived
)
select
    target,
    lane,
    slice,
    0,
    gen_random_uuid()::text,
    nonce,
    case when from_seq is not null then %(from_seq)s::bigint end,
    %(deltas)s::integer,
    %(ledger_seqs)s::bigint[],
    %(rows)s::json,
    %(attempts)s::integer,
    %(not_before)s::timestamptz,
    created_at,
    %(error)s::text,
    %(may_have_arrived)s::boolean
from delivery.batches
where batch_id = %(batch_id)s;

-- name: shrink_batch
update delivery.batches
set rows = %(rows)s::json, deltas = %(deltas)s, is_read_back = is_read_back or %(is_read_back)s
where batch_id = %(batch_id)s;

-- name: list_blocked_rows
-- Rows of these batches whose lead has an earlier change in a call that failed, held since one failed, or in a part of
-- a call that would go out after them.
with earlier as materialized (
    select
        batches.batch_id,
        case when batches.not_before is null then batches.batch_id end as goes_after,
        delta.delta ->> 'external_id' as external_id,
        (delta.delta ->> 'seq')::bigint as seq
    from delivery.batches
    cross join json_array_elements(batches.rows) as delta (delta)
    where
        batches.target = %(target)s and batches.state = 'ready'
        and (batches.not_before is not null or batches.slices = 0)
    union all
    select
        null as batch_id,
        null as goes_after,
        known.external_id,
        held.ledger_seq as seq
    from delivery.held_deltas as held
    inner join delivery.external_ids as known
        on held.target = known.target and held.lead_id = known.lead_id and known.state = 'present'
    where held.target = %(target)s and held.lane = %(lane)s
)

select distinct
    batches.batch_id,
    (delta.delta ->> 'seq')::bigint as seq
from delivery.batches
cross join json_array_elements(batches.rows) as delta (delta)
inner join earlier on delta.delta ->> 'external_id' = earlier.external_id
where
    batches.batch_id = any(%(batch_ids)s::bigint[])
    and earlier.batch_id is distinct from batches.batch_id
    and (earlier.goes_after is null or earlier.goes_after > batches.batch_id)
    and earlier.seq < (delta.delta ->> 'seq')::bigint
    -- Most often there is none: then no row is read.
    and (select count(counted.seq) from earlier as counted) > 0;

-- name: take_back_call
-- It certainly had no effect: what is left of its rows gets another call, under another key.
update delivery.batches
set
    rows = %(rows)s::json, deltas = %(deltas)s, request = null, body = null, idempotency_key = gen_random_uuid()::text
where batch_id = %(batch_id)s;

-- name: release_batches
-- Calls that were not sent, or only answered as without effect: their keys are unused, and no memory counts.
update delivery.batches
set first_sent_at = null
where batch_id = any(%(batch_ids)s::bigint[]) and state = 'ready' and not may_have_arrived;

-- name: find_next_batch_retry
select min(not_before)
from (
    select not_before
    from delivery.batches
    where target = %(target)s and state = 'ready' and not_before is not null
    for update skip locked
) as failed;

-- name: count_open
select
    target,
    'score changes' as operation,
    state,
    count(*) as calls,
    sum(deltas)::bigint as deltas,
    min(created_at) as oldest_at,
    max(attempts) as attempts
from delivery.batches
where state = 'ready'
group by target, state
union all
select
    target,
    operation,
    state,
    count(*),
    null,
    min(created_at),
    max(attempts)
from delivery.outbox
where state in ('pending', 'sending')
group by target, operation, state
order by target, operation, state;

-- name: count_settled
select
    target,
    'score changes' as operation,
    state,
    count(*) as calls,
    sum(deltas)::bigint as deltas,
    min(settled_at) as oldest_at,
    max(attempts) as attempts
from delivery.batches
where state <> 'ready' and settled_at >= %(since)s
group by target, state
union all
select
    target,
    operation,
    state,
    count(*),
    null,
    min(settled_at),
    max(attempts)
from delivery.outbox
where state in ('done', 'dead', 'dropped') and settled_at >= %(since)s
group by target, operation, state
order by target, operation, state;

-- name: list_batch_rows
select ledger_seqs from delivery.batches
where batch_id = %(batch_id)s;
