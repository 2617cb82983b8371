-- name: insert_delta
insert into delivery.dead_letters (target, kind, reference, lead_id, points, reason, died_at)
select
    %(target)s::text,
    'delta',
    seq,
    lead_id,
    points,
    %(reason)s::text,
    %(now)s::timestamptz
from scoring.ledger
where seq = %(ledger_seq)s;

-- name: insert_effect
insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)
values (%(target)s, 'effect', %(outbox_id)s, %(lead_id)s, %(reason)s, %(now)s);

-- name: insert_correction
with reopened as (
    update delivery.outbox as effects
    set state = 'dead', settled_at = %(now)s, error = %(reason)s
    from delivery.score_corrections as corrections
    where corrections.correction_id = %(correction_id)s and effects.outbox_id = corrections.outbox_id
    returning effects.target, effects.outbox_id, effects.lead_id
)

insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)
select
    target,
    'effect',
    outbox_id,
    lead_id,
    %(reason)s,
    %(now)s
from reopened;

-- name: lock_open
-- Of two people who act at once, the second waits and then sees only what the first left open.
select dead_letter_id
from delivery.dead_letters
where
    state = 'open'
    and target = coalesce(%(target)s, target)
    and dead_letter_id = any(coalesce(%(ids)s, array[dead_letter_id]))
order by dead_letter_id
for update;

-- name: read_letters
select
    dead_letter_id,
    target,
    kind,
    reference,
    lead_id,
    points,
    reason,
    died_at,
    state
from delivery.dead_letters
where
    state = %(state)s
    and (%(ids)s::bigint[] is null or dead_letter_id = any(%(ids)s))
    and (%(target)s::text is null or target = %(target)s)
    and dead_letter_id > %(after)s
order by dead_letter_id
limit %(max_rows)s;

-- name: count_letters
select
    target,
    count(*) as letters,
    min(died_at) as oldest_at
from delivery.dead_letters
where state = 'open'
group by target
order by target;

-- name: lock_of_leads
-- A refused creation of a lead is not of a lead that was lost: it stays for a person.
select letters.dead_letter_id
from delivery.dead_letters as letters
left join delivery.outbox as effects
    on letters.kind = 'effect' and letters.reference = effects.outbox_id
where
    letters.state = 'open'
    and letters.target = %(target)s
    and letters.lead_id = any(%(lead_ids)s::bigint[])
    and effects.operation is distinct from 'upsert_lead'
order by letters.dead_letter_id
for update of letters skip locked;

-- name: accept_of_lead
update delivery.dead_letters as letters
set state = 'applied', settled_at = %(now)s
from delivery.external_ids as known
where
    known.target = %(target)s
    and known.external_id = %(external_id)s
    and letters.target = known.target
    and letters.lead_id = known.lead_id
    and letters.kind = 'delta'
    and letters.state = 'open'
    and letters.reason = %(reason)s
returning letters.points;

-- name: find_corrections
select outbox_id
from delivery.outbox
where outbox_id = any(%(outbox_ids)s::bigint[]) and operation = 'correct_score';

-- name: discard_superseded
-- Effects that a newer effect of the same operation, or of its opposite, has replaced: sent now, they would undo it.
update delivery.outbox as old
set state = 'dropped', settled_at = %(now)s
where
    old.outbox_id = any(%(outbox_ids)s::bigint[])
    and old.operation = any(%(replacing)s::text[])
    and exists (
        select 1 from delivery.outbox as newer
        where
            newer.target = old.target
            and (
                newer.operation = old.operation
                or (old.operation = 'withdraw_lead' and newer.operation = 'restore_lead')
                or (old.operation = 'restore_lead' and newer.operation = 'withdraw_lead')
                or (old.operation = 'opt_out_lead' and newer.operation = 'opt_in_lead')
                or (old.operation = 'opt_in_lead' and newer.operation = 'opt_out_lead')
            )
            and newer.lead_id = old.lead_id
            and newer.outbox_id > old.outbox_id
            and newer.state in ('pending', 'sending', 'done')
    )
returning old.outbox_id;

-- name: retry_effects
-- An effect refused at its first try had no effect, so it goes out under a new key. After a try of unknown outcome it
-- keeps its key, so that a target that remembers the key does not apply it twice, and with the key the stored call: a
-- key stands for one call. A call that is not stored any more is made again, so it gets a new key too.
update delivery.outbox as retried
set
    state = 'pending',
    attempts = 0,
    not_before = null,
    error = null,
    first_sent_at = null,
    may_have_arrived = false,
    request = case when retried.attempts > 1 then retried.request end,
    body = case when retried.attempts > 1 then retried.body end,
    nonce = case
        when retried.attempts > 1 and retried.body is not null then retried.nonce
        else delivery.make_nonce()
    end,
    idempotency_key = retried.idempotency_key || case when retried.attempts > 1 then '' else '-again' end,
    payload = case
        when retried.payload ? 'idempotency_key' and retried.attempts <= 1
            then jsonb_set(retried.payload, '{idempotency_key}', to_jsonb(retried.idempotency_key || '-again'))
        else retried.payload
    end
where retried.outbox_id = any(%(outbox_ids)s::bigint[]);

-- name: discard_effects
update delivery.outbox
set state = 'dropped', settled_at = %(now)s
where outbox_id = any(%(outbox_ids)s::bigint[]);

-- name: discard_followers
-- Effects that wait for an id that will never come, because nothing is left that would create the lead; and those that
-- are about the lead that is not created, whichever the target has of an earlier time.
update delivery.outbox as follower
set state = 'dropped', settled_at = %(now)s
from delivery.outbox as discarded
where
    discarded.outbox_id = any(%(outbox_ids)s::bigint[])
    and follower.target = discarded.target
    and follower.lead_id = discarded.lead_id
    and follower.state = 'pending'
    and (
        (
            follower.operation = any(%(following)s::text[])
            and discarded.operation = 'create_lead'
            and discarded.outbox_id < follower.outbox_id
        )
        or (
            follower.operation = any(%(with_id)s::text[])
            and not exists (
                select 1 from delivery.external_ids as known
                where known.target = follower.target and known.lead_id = follower.lead_id
            )
            and not exists (
                select 1 from delivery.outbox as other
                where
                    other.target = follower.target
                    and other.lead_id = follower.lead_id
                    and other.state in ('pending', 'sending', 'dead')
                    and other.operation <> all(%(with_id)s::text[])
            )
        )
    );

-- name: discard_held
-- Score changes held for leads that nothing will create in the target any more.
delete from delivery.held_deltas as held
using delivery.outbox as discarded
where
    discarded.outbox_id = any(%(outbox_ids)s::bigint[])
    and discarded.operation = 'upsert_lead'
    and held.target = discarded.target
    and held.lead_id = discarded.lead_id
    and not exists (
        select 1 from delivery.external_ids as known
        where known.target = held.target and known.lead_id = held.lead_id
    )
returning held.ledger_seq;

-- name: close
update delivery.dead_letters
set state = %(state)s, settled_at = %(now)s
where dead_letter_id = any(%(ids)s::bigint[]) and state = 'open';
