-- name: hold
select pg_advisory_xact_lock(%(lock)s::bigint);

-- name: hold_for_day
select pg_advisory_xact_lock(%(lock)s::integer, %(day_number)s::integer);

-- name: hold_for_leads
-- In the order of their ids, so that two processes never wait for each other.
select pg_advisory_xact_lock(%(lock)s::integer, hashint8(lead_id))
from unnest(%(leads)s::bigint[]) as listed (lead_id);

-- name: hold_in_session
select pg_advisory_lock(%(lock)s::bigint);

-- name: release_in_session
select pg_advisory_unlock(%(lock)s::bigint);

-- name: share_in_session
select pg_advisory_lock_shared(%(lock)s, hashtext(%(name)s));

-- name: release_share
select pg_advisory_unlock_shared(%(lock)s, hashtext(%(name)s));

-- name: hold_named
select pg_advisory_xact_lock(%(lock)s, hashtext(%(name)s));

-- name: try_named
select pg_try_advisory_xact_lock(%(lock)s, hashtext(%(name)s));

-- name: try_place
-- Two numbers name a lock of another space than one.
select pg_try_advisory_lock(%(lock)s, hashtext(%(place)s));

-- name: leave_place
select pg_advisory_unlock(%(lock)s, hashtext(%(place)s));
