-- name: list_effects
-- The lanes in which the outbox has something to send.
select
    'effects' as kind,
    lanes.lane
from unnest(%(lanes)s::smallint[]) as lanes (lane)
where
    exists (
        select from delivery.outbox
        where
            outbox.target = %(target)s and outbox.lane = lanes.lane and outbox.state in ('pending', 'sending')
            and coalesce(outbox.not_before, %(now)s::timestamptz) <= %(now)s::timestamptz
    );

-- name: list_score_work
-- What there may be to do about scores. A cursor behind the end of the ledger is work even if its lane has no new
-- row: else each look would search all rows since.
select
    'unaligned' as kind,
    lanes.lane
from unnest(%(lanes)s::smallint[]) as lanes (lane)
where
    exists (
        select from delivery.external_ids as known
        where
            known.target = %(target)s and known.state = 'unaligned'
            and coalesce(known.not_before, %(now)s::timestamptz) <= %(now)s::timestamptz
    )
union all
select
    'batches' as kind,
    lanes.lane
from unnest(%(lanes)s::smallint[]) as lanes (lane)
where
    exists (
        select from delivery.batches
        where
            batches.target = %(target)s and batches.lane = lanes.lane and batches.state = 'ready'
            and coalesce(batches.not_before, %(now)s::timestamptz) <= %(now)s::timestamptz
    )
    or exists (
        select from delivery.held_deltas as held
        where held.target = %(target)s and held.lane = lanes.lane
    )
    or (select max(ledger.seq) from scoring.ledger as ledger) > coalesce(
        (
            select cursors.ledger_seq from delivery.cursors
            where cursors.target = %(target)s and cursors.lane = lanes.lane
        ), 0
    );

-- name: count_idle_effects
-- Marked effects that no process is sending: a process ended before it reached them. Those that were marked after
-- claimed_before are left to who marked them.
select count(*)
from (
    select outbox_id
    from delivery.outbox
    where
        target = %(target)s and lane = %(lane)s and state = 'sending' and not_before is null
        and (
            %(claimed_before)s::timestamptz is null or first_sent_at is null or first_sent_at <= %(claimed_before)s
        )
    order by outbox_id
    limit %(max_rows)s
    for update skip locked
) as idle;

-- name: mark_sending
-- From this commit on these effects may have been sent: the process that locks them finishes them. An operation of
-- with_id waits until the target has the lead and we its id, and for all earlier effects on the lead; one of following
-- also until somebody has decided on a creation of the lead that was refused.
-- One of upserting waits until no other upsert of the lead is under way, or was settled within repeat_pause: two that
-- come close to each other may make two leads.
-- One of spaced waits until the last one of the lead is spacing ago. While it waits, others on the lead do not.
-- One that our credentials do not allow waits until it is time to try it again.
with due as (
    select waiting.outbox_id
    from delivery.outbox as waiting
    where
        waiting.target = %(target)s and waiting.lane = %(lane)s and waiting.state = 'pending'
        and not exists (
            select from delivery.refused_operations as refused
            where
                refused.target = waiting.target
                and refused.operation = waiting.operation
                and refused.until > %(now)s
        )
        and not (
            waiting.operation = any(%(upserting)s::text[])
            and (
                exists (
                    select 1 from delivery.outbox as other
                    where
                        other.target = waiting.target
                        and other.lead_id = waiting.lead_id
                        and other.operation = waiting.operation
                        and other.state in ('pending', 'sending')
                        and (
                            other.state = 'sending'
                            or (other.lane = waiting.lane and other.outbox_id < waiting.outbox_id)
                        )
                )
                or exists (
                    select 1 from delivery.outbox as settled
                    where
                        settled.target = waiting.target
                        and settled.lead_id = waiting.lead_id
                        and settled.operation = waiting.operation
                        and settled.state in ('done', 'dropped')
                        and settled.body is not null
                        and settled.settled_at > %(now)s::timestamptz - %(repeat_pause)s::interval
                )
            )
        )
        and not (
            waiting.operation = any(%(spaced)s::text[])
            and %(spacing)s::interval > interval '0'
            and exists (
                select 1 from delivery.outbox as last_one
                where
                    last_one.target = waiting.target
                    and last_one.lead_id = waiting.lead_id
                    and last_one.operation = waiting.operation
                    and last_one.state = 'done'
                    and last_one.settled_at > %(now)s::timestamptz - %(spacing)s::interval
            )
        )
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
                        and not (
                            earlier.operation = any(%(spaced)s::text[])
                            and earlier.state = 'pending'
                            and waiting.operation <> all(%(spaced)s::text[])
                        )
                )
                and not (
                    waiting.operation = any(%(following)s::text[])
                    and exists (
                        select 1 from delivery.outbox as refused
                        where
                            refused.target = waiting.target
                            and refused.lead_id = waiting.lead_id
                            and refused.outbox_id < waiting.outbox_id
                            and refused.operation = 'create_lead'
                            and refused.state = 'dead'
                    )
                )
            )
        )
    order by waiting.outbox_id
    limit %(max_rows)s
    for update skip locked
)

update delivery.outbox
set state = 'sending', first_sent_at = %(now)s
from due
where delivery.outbox.outbox_id = due.outbox_id
returning
    outbox.outbox_id,
    outbox.operation,
    outbox.lead_id,
    outbox.nonce || '-' || outbox.idempotency_key as idempotency_key,
    outbox.payload,
    (
        select coalesce(known.merged_into, known.external_id) from delivery.external_ids as known
        where
            known.target = outbox.target
            and known.lead_id = outbox.lead_id
            and outbox.operation = any(%(with_id)s::text[])
    ) as external_id;

-- name: store_effect_call
update delivery.outbox
set request = %(request)s, body = %(body)s
where outbox_id = %(outbox_id)s and body is null;

-- name: lock_claimable_effects
-- Those that the round sends: in the order of lock_due_effects, whether they are claimed or not.
select
    outbox_id,
    operation,
    first_sent_at is not null as is_claimed
from delivery.outbox
where
    target = %(target)s and lane = %(lane)s and state = 'sending' and body is not null
    and (not_before is not null) = %(is_retry)s
    and coalesce(not_before, %(now)s) <= %(now)s
order by not_before, outbox_id
limit %(max_rows)s
for update skip locked;

-- name: claim_effects
update delivery.outbox
set first_sent_at = %(now)s
where outbox_id = any(%(outbox_ids)s::bigint[]);

-- name: lock_claimable_batches
-- Those that the round sends: in the order of lock_due_batches, whether they are claimed or not. Rows come with those
-- that are not.
select
    batch_id,
    nonce,
    case when first_sent_at is null then rows::text end as rows,
    body is not null as has_call
from delivery.batches
where
    target = %(target)s and lane = %(lane)s and state = 'ready'
    and mod(slice, %(slices)s::smallint) = %(slice)s
    and (not_before is not null) = %(is_retry)s
    and coalesce(not_before, %(now)s) <= %(now)s
order by not_before, batch_id
limit %(max_rows)s
for update skip locked;

-- name: claim_batches
update delivery.batches
set first_sent_at = %(now)s
where batch_id = any(%(batch_ids)s::bigint[]);

-- name: store_batch_call
update delivery.batches
set request = %(request)s, body = %(body)s
where batch_id = %(batch_id)s and body is null;

-- name: read_waiting
select
    outbox_id,
    operation,
    lead_id,
    idempotency_key,
    payload,
    created_at
from delivery.outbox
where outbox_id = any(%(outbox_ids)s::bigint[])
order by outbox_id;

-- name: listen
listen leadops_outbox;
