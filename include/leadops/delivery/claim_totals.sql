-- name: count_idle
select count(*)
from (
    select batch_id
    from delivery.batches
    where
        target = %(target)s and lane = %(lane)s and state = 'ready' and not_before is null
        and (first_sent_at is null or first_sent_at <= %(claimed_before)s)
    order by batch_id
    limit %(max_rows)s
    for update skip locked
) as idle;

-- name: lock_claimable
-- Due batches; with is_retry, those that failed, the longest due first.
select batch_id
from delivery.batches
where
    target = %(target)s and lane = %(lane)s and state = 'ready'
    and (not_before is not null) = %(is_retry)s
    and coalesce(not_before, %(now)s) <= %(now)s
    and (first_sent_at is null or first_sent_at <= %(claimed_before)s)
order by not_before, batch_id
limit %(max_rows)s
for update skip locked;

-- name: read_totals
-- The ledger's sums of the leads in these batches that the target has. Leads of ours with one id there share a total,
-- also while one of them waits to be aligned. Writers of the ledger commit in the order of seq: all rows up to the
-- newest one are in the sum.
with called as (
    select distinct
        batches.batch_id,
        delta.delta ->> 'external_id' as external_id
    from delivery.batches as batches
    cross join json_array_elements(batches.rows) as delta (delta)
    where batches.batch_id = any(%(batch_ids)s::bigint[])
),

summed as (
    select
        called.batch_id,
        called.external_id,
        known.lead_id,
        known.state,
        sums.points,
        sums.seq
    from called
    inner join delivery.external_ids as known
        on called.external_id = known.external_id and known.target = %(target)s
    cross join
        lateral (
            select
                coalesce(sum(ledger.points), 0) as points,
                coalesce(max(ledger.seq), 0) as seq
            from scoring.ledger as ledger
            where ledger.lead_id = known.lead_id
        ) as sums
    where known.state in ('present', 'unaligned')
)

select
    batch_id,
    max(seq)::bigint as seq,
    min(lead_id) as lead_id,
    external_id,
    sum(points)::bigint as points,
    array_agg(lead_id order by lead_id) as members
from summed
group by batch_id, external_id
having bool_or(state = 'present')
order by batch_id, lead_id;

-- name: store_call
-- What was claimed and not let go was claimed by a process that was killed: its call may have arrived.
update delivery.batches
set
    idempotency_key = gen_random_uuid()::text,
    request = %(request)s,
    body = %(body)s,
    may_have_arrived = may_have_arrived or first_sent_at is not null,
    first_sent_at = %(now)s
where batch_id = %(batch_id)s;

-- name: lock_claimed
select batch_id
from delivery.batches
where batch_id = any(%(batch_ids)s::bigint[]) and state = 'ready' and first_sent_at = %(claimed_at)s
order by not_before, batch_id
for update skip locked;

-- name: release_claimed
update delivery.batches
set request = null, body = null, first_sent_at = null
where batch_id = any(%(batch_ids)s::bigint[]) and state = 'ready';
