-- name: list_unaligned
select
    external_id as ma_id,
    min(lead_id) as lead_id,
    min(reason) as reason
from delivery.external_ids
where
    target = %(target)s
    and state = 'unaligned'
    and (%(only_reason)s::text is null or reason = %(only_reason)s)
    and coalesce(not_before, %(now)s) <= %(now)s
    and delivery.find_slice(external_id, %(slices)s) = %(slice)s
group by external_id
order by min(changed_at), min(lead_id)
limit %(max_rows)s;

-- name: postpone
update delivery.external_ids
set not_before = %(until)s
where target = %(target)s and external_id = %(external_id)s and state = 'unaligned';

-- name: mark_present
update delivery.external_ids
set state = 'present', changed_at = %(now)s, reason = null, not_before = null
where target = %(target)s and external_id = %(external_id)s;

-- name: mark_found
update delivery.external_ids
set reason = %(there)s, not_before = %(until)s
where target = %(target)s and external_id = %(external_id)s and state = 'unaligned';

-- name: absorb_held
-- The points of these rows are in the total.
delete from delivery.held_deltas as held
using delivery.external_ids as known, scoring.ledger as ledger
where
    known.target = %(target)s
    and known.external_id = %(external_id)s
    and held.target = known.target
    and held.lead_id = known.lead_id
    and held.ledger_seq = ledger.seq
returning held.lane, ledger.points;

-- name: count_idle_totals
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

-- name: record_taken
-- Of the leads whose points are in the total: one that has got this id since then is not in it. What was wanted before
-- the call was claimed is fulfilled. The newest total is never taken for an older one.
insert into delivery.totals as given (target, lead_id, external_id, seq, due_at)
select
    known.target,
    known.lead_id,
    known.external_id,
    taken.seq,
    %(again_at)s::timestamptz
from unnest(%(lead_ids)s::bigint[], %(external_ids)s::text[], %(seqs)s::bigint[]) as taken (lead_id, external_id, seq)
inner join delivery.external_ids as known
    on known.target = %(target)s and taken.lead_id = known.lead_id and taken.external_id = known.external_id
on conflict (target, lead_id) do update
    set
        external_id = excluded.external_id,
        seq = case
            when given.external_id = excluded.external_id then greatest(given.seq, excluded.seq)
            else excluded.seq
        end,
        due_at = greatest(
            case when given.due_at > %(claimed_at)s::timestamptz then given.due_at end, excluded.due_at
        ),
        refused = null;

-- name: accept_letters
-- Refused changes that the total contains.
update delivery.dead_letters as letters
set state = 'applied', settled_at = %(now)s
from unnest(%(lead_ids)s::bigint[], %(external_ids)s::text[], %(seqs)s::bigint[]) as taken (lead_id, external_id, seq)
inner join delivery.external_ids as known
    on known.target = %(target)s and taken.lead_id = known.lead_id and taken.external_id = known.external_id
where
    letters.target = known.target
    and letters.lead_id = known.lead_id
    and letters.kind = 'delta'
    and letters.state = 'open'
    and letters.reference <= taken.seq;

-- name: delete_held
-- Held changes that the total contains.
delete from delivery.held_deltas as held
using unnest(%(lead_ids)s::bigint[], %(external_ids)s::text[], %(seqs)s::bigint[]) as taken (lead_id, external_id, seq)
inner join delivery.external_ids as known
    on known.target = %(target)s and taken.lead_id = known.lead_id and taken.external_id = known.external_id
where
    held.target = known.target
    and held.lead_id = known.lead_id
    and held.ledger_seq <= taken.seq;

-- name: record_refused
insert into delivery.totals as given (target, lead_id, external_id, refused)
select
    known.target,
    known.lead_id,
    known.external_id,
    %(reason)s::text
from delivery.external_ids as known
where known.target = %(target)s and known.external_id = %(external_id)s
on conflict (target, lead_id) do update
    set
        external_id = excluded.external_id,
        seq = case when given.external_id = excluded.external_id then given.seq else 0 end,
        due_at = null,
        refused = excluded.refused;

-- name: insert_correction
insert into delivery.score_corrections (audit_id, lead_id, external_id, ledger, ma, corrected_at)
values (%(audit_id)s, %(lead_id)s, %(external_id)s, %(ledger)s, %(ma)s, %(now)s)
returning correction_id, delivery.make_nonce() as nonce;

-- name: link_effect
update delivery.score_corrections
set outbox_id = (select outbox_id from delivery.outbox where idempotency_key = %(idempotency_key)s)
where correction_id = %(correction_id)s;
