-- name: find_record
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
where target = %(target)s;

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

-- name: accept
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
