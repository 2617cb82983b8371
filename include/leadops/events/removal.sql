-- name: wait_for_events
lock table cdp.events, cdp.quarantine in share mode;

-- name: find_mentions
select seq
from cdp.events
where
    lower(btrim(email)) = any(%(emails)s::text[])
    or user_id = any(%(user_ids)s::text[])
    or anonymous_id = any(%(anonymous_ids)s::text[])
    or payload::text ~* %(pattern)s::text
    or event_id ~* %(pattern)s::text
order by seq;

-- name: list_events
select
    seq,
    event_id,
    email,
    user_id,
    anonymous_id,
    payload
from cdp.events
where seq = any(%(seqs)s::bigint[])
order by seq;

-- name: clear_events
update cdp.events
set
    event_id = cleared.event_id,
    email = null,
    user_id = null,
    anonymous_id = null,
    payload = cleared.payload
from
    unnest(%(seqs)s::bigint[], %(event_ids)s::text[], %(payloads)s::jsonb[]) as cleared (seq, event_id, payload)
where events.seq = cleared.seq;

-- name: clear_mentions
-- Events of others stay theirs. An event_id that names the person becomes another one.
update cdp.events
set
    event_id = case
        when event_id ~* %(pattern)s::text then 'erased-' || seq || '-' || left(gen_random_uuid()::text, 8)
        else event_id
    end,
    email = case when lower(btrim(email)) <> all(%(emails)s::text[]) then email end,
    user_id = case when user_id <> all(%(user_ids)s::text[]) then user_id end,
    anonymous_id = case when anonymous_id <> all(%(anonymous_ids)s::text[]) then anonymous_id end,
    payload = erased.clear_json(payload, %(pattern)s)
where seq = any(%(seqs)s::bigint[]);

-- name: clear_replaced
update cdp.replaced_events
set
    event = jsonb_build_object(
        'event_id', 'erased', 'event', event -> 'event', 'ts', event -> 'ts', 'received_at', event -> 'received_at',
        'proof', event -> 'proof', 'payload', '{}'::jsonb
    )
where
    event_seq = any(%(seqs)s::bigint[])
    or replaced_by = any(%(seqs)s::bigint[])
    or event::text ~* %(pattern)s::text;

-- name: delete_quarantined
delete from cdp.quarantine
where body ~* %(pattern)s::text or admitted_body ~* %(pattern)s::text or detail ~* %(pattern)s::text;

-- name: purge_quarantine
delete from cdp.quarantine
where quarantine_id in (
    select old.quarantine_id
    from cdp.quarantine as old
    where
        (old.state <> 'waiting' and old.settled_at < %(before)s)
        or (
            old.state = 'waiting'
            and (old.reason = 'known_bot' or starts_with(old.reason, 'spam_'))
            and old.received_at < %(before)s
        )
    order by old.quarantine_id
    limit %(max_rows)s
);

-- name: delete_events
delete from cdp.events
where seq = any(%(seqs)s::bigint[]);

-- name: purge_refused_calls
delete from cdp.refused_calls
where (counted_at, reason) in (
    select
        old.counted_at,
        old.reason
    from cdp.refused_calls as old
    where old.counted_at < %(before)s
    order by old.counted_at, old.reason
    limit %(max_rows)s
);

-- name: remove_canary
delete from cdp.events
where event_id = any(%(event_ids)s::text[]) or seq = any(%(seqs)s::bigint[]);
