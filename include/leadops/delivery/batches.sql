-- name: count_idle
-- New batches that no process is sending: a process ended before it reached them.
select count(*)
from (
    select batch_id
    from delivery.batches
    where target = %(target)s and lane = %(lane)s and state = 'ready' and not_before is null
    order by batch_id
    limit %(max_rows)s
    for update skip locked
) as idle;

-- name: lock_due
-- New batches in order; with is_retry, those that failed and are due again, the longest due first.
select batch_id
from delivery.batches
where
    target = %(target)s and lane = %(lane)s and state = 'ready' and first_sent_at is not null
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
insert into delivery.batches (
    target, lane, idempotency_key, nonce, from_seq, deltas, rows, attempts, not_before, created_at, error,
    may_have_arrived
)
select
    target,
    lane,
    gen_random_uuid()::text,
    nonce,
    case when from_seq is not null then %(from_seq)s::bigint end,
    %(deltas)s::integer,
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

-- name: release_batches
-- Calls that were not sent, or only answered as without effect: their keys are unused, and no memory counts.
update delivery.batches
set first_sent_at = null
where batch_id = any(%(batch_ids)s::bigint[]) and state = 'ready' and not may_have_arrived;

-- name: find_next_retry
select min(not_before)
from (
    select not_before
    from delivery.batches
    where target = %(target)s and state = 'ready' and not_before is not null
    for update skip locked
) as failed;

-- name: purge_batches
delete from delivery.batches
where batch_id in (
    select settled.batch_id
    from delivery.batches as settled
    where settled.state <> 'ready' and settled.settled_at < %(before)s
    order by settled.settled_at
    limit %(max_rows)s
);
