-- name: list_records
select
    target,
    product,
    account,
    place,
    since,
    connection,
    checked_at,
    other_product,
    other_account,
    other_place,
    other_connection,
    other_asked_at,
    other_at
from delivery.accounts
where %(target)s::text is null or target = %(target)s
order by target;

-- name: insert_record
insert into delivery.accounts (target, product, account, place, since, connection, checked_at)
values (%(target)s, %(product)s, %(account)s, %(place)s, %(now)s, %(connection)s, %(now)s)
on conflict (target) do nothing;

-- name: note_seen
-- An account that is known by its place alone gets its own id once it tells it.
update delivery.accounts
set
    account = coalesce(%(account)s::text, account),
    place = %(place)s,
    connection = %(connection)s,
    checked_at = %(now)s
where target = %(target)s;

-- name: forget_other
-- The connection that led to another account leads to the one on record again.
update delivery.accounts
set
    other_product = null,
    other_account = null,
    other_place = null,
    other_connection = null,
    other_asked_at = null,
    other_at = null
where target = %(target)s and other_connection = %(connection)s;

-- name: replace_unused
-- An account that gave no ids, and nothing in its feed, as that of a mistyped address, can be confused with no other.
update delivery.accounts
set
    product = %(product)s,
    account = %(account)s,
    place = %(place)s,
    since = %(now)s,
    connection = %(connection)s,
    checked_at = %(now)s
where
    target = %(target)s
    and not has_feed
    and not exists (select from delivery.external_ids as known where known.target = %(target)s);

-- name: note_other
update delivery.accounts
set
    other_product = %(product)s,
    other_account = %(account)s,
    other_place = %(place)s,
    other_connection = %(connection)s,
    other_asked_at = %(now)s,
    other_at = %(now)s
where target = %(target)s;

-- name: note_feed
update delivery.accounts
set has_feed = true
where target = %(target)s and not has_feed;

-- name: note_met
update delivery.accounts
set other_at = %(now)s
where target = %(target)s and other_at <= %(met_before)s;

-- name: accept_other
-- Only what a person saw: somebody else may have decided, or another connection been met. The next call asks whichever
-- connection it has.
update delivery.accounts
set
    product = other_product,
    account = other_account,
    place = other_place,
    since = %(now)s,
    connection = '',
    other_product = null,
    other_account = null,
    other_place = null,
    other_connection = null,
    other_asked_at = null,
    other_at = null
where
    target = %(target)s
    and since = %(since)s
    and other_product = %(other_product)s
    and other_account is not distinct from %(other_account)s::text
    and other_place = %(other_place)s;

-- name: list_open_seqs
select (delta.delta ->> 'seq')::bigint as seq
from delivery.batches as batches
cross join json_array_elements(batches.rows) as delta (delta)
where batches.target = %(target)s and batches.state = 'ready' and (delta.delta ->> 'seq')::bigint > 0;

-- name: drop_batches
update delivery.batches
set state = 'dropped', settled_at = %(now)s, not_before = null, error = %(error)s
where target = %(target)s and state = 'ready';

-- name: list_erasures
select
    outbox_id,
    lead_id
from delivery.outbox
where target = %(target)s and operation = 'erase_lead' and state in ('pending', 'sending')
order by outbox_id;

-- name: mark_recreating
-- An id is empty until the new account gives one: no account gives an empty id.
update delivery.external_ids as known
set
    external_id = '',
    merged_into = null,
    state = 'recreating',
    changed_at = %(now)s,
    reason = 'another account',
    not_before = null
from identity.leads as leads
where
    known.target = 'ma'
    and known.lead_id = leads.lead_id
    and leads.email is not null
    and known.reason is distinct from 'erased'
returning known.lead_id;

-- name: forget_ids
delete from delivery.external_ids
where target = %(target)s and lead_id <> all(%(made)s::bigint[]);

-- name: drop_effects
-- Corrections are of scores in the former account. What needs an id waits for its lead where that is made.
update delivery.outbox as wanted
set state = 'dropped', settled_at = %(now)s, not_before = null, error = %(error)s
where
    wanted.target = %(target)s
    and wanted.state in ('pending', 'sending')
    and (
        wanted.operation = any(%(corrections)s::text[])
        or (
            wanted.operation = any(%(with_id)s::text[])
            and not exists (
                select from delivery.outbox as making
                where
                    making.target = wanted.target
                    and making.lead_id = wanted.lead_id
                    and making.operation in ('upsert_lead', 'create_lead')
                    and making.state in ('pending', 'sending')
            )
        )
    );

-- name: restart_effects
-- Whatever the former account did with these calls: the new one has seen none of them.
update delivery.outbox
set
    state = 'pending',
    attempts = 0,
    not_before = null,
    may_have_arrived = false,
    gone_answers = 0,
    nonce = delivery.make_nonce(),
    request = null,
    body = null,
    first_sent_at = null,
    error = null
where target = %(target)s and state = 'sending';

-- name: forget_totals
delete from delivery.totals
where target = %(target)s;

-- name: forget_found
delete from delivery.found_leads
where target = %(target)s;

-- name: end_pause
update delivery.targets
set paused_until = null, pause_reason = null
where target = %(target)s;

-- name: forget_quota
delete from delivery.quotas
where target = %(target)s;

-- name: draw_nonce
select left(gen_random_uuid()::text, 8);
