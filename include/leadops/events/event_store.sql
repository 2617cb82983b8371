-- name: insert_events
-- One statement, and so one transaction. Both are written in the order of their keys, so that two senders of the same
-- ids wait for each other and never deadlock. An event with more proof takes the event_id of one with less, which
-- cdp.replaced_events keeps. Once somebody was erased, a caller that has not hashed (is_hashed) stores nothing.
with sent as (
    select item.*
    from
        jsonb_to_recordset(%(events)s::jsonb) as item (
            position integer, event_id text, event text, ts timestamptz, anonymous_id text, user_id text,
            email text, payload jsonb, is_history boolean, proof text, own_network boolean
        )
    where %(is_hashed)s or not exists (select from erased.identifiers)
),

incoming as (
    select distinct on (event_id) *
    from sent
    order by event_id asc, cdp.rank_proof(proof) desc, position asc
),

accepted as (
    insert into cdp.events (
        event_id, event, ts, received_at, anonymous_id, user_id, email, payload, is_history, was_refused, proof,
        own_network
    )
    select
        event_id,
        event,
        ts,
        %(now)s,
        anonymous_id,
        user_id,
        email,
        payload,
        is_history,
        %(was_refused)s,
        proof,
        own_network
    from incoming
    order by event_id, position
    on conflict (event_id) do update
        set
            seq = default,
            event = excluded.event,
            ts = excluded.ts,
            received_at = excluded.received_at,
            (anonymous_id, user_id, email) = (excluded.anonymous_id, excluded.user_id, excluded.email),
            payload = excluded.payload,
            (is_history, was_refused) = (excluded.is_history, excluded.was_refused),
            (proof, own_network) = (excluded.proof, excluded.own_network)
        where cdp.rank_proof(events.proof) < cdp.rank_proof(excluded.proof)
    returning seq, is_history, event, proof, payload
),

queued as (
    -- History waits behind what happens now.
    insert into identity.inbox (event_seq, lane, says_consent)
    select
        seq,
        is_history::integer,
        nullif(cdp.says_consent(event, proof, payload), false)
    from accepted
),

rejected as (
    select item.*
    from
        jsonb_to_recordset(%(refused)s::jsonb) as item (
            position integer, body text, reason text, detail text, proof text, event_id text, own_proof text
        )
    where %(is_hashed)s or not exists (select from erased.identifiers)
),

-- An old item has an event_id here, and is known by it: in the store, or in this call, with as much proof or more.
known as (
    select rejected.position
    from rejected
    inner join cdp.events as stored on rejected.event_id = stored.event_id
    where cdp.rank_proof(stored.proof) >= cdp.rank_proof(rejected.own_proof)
    union
    select rejected.position
    from rejected
    inner join incoming on rejected.event_id = incoming.event_id
    where cdp.rank_proof(incoming.proof) >= cdp.rank_proof(rejected.own_proof)
),

refused as (
    select
        body,
        min(reason) as reason,
        min(detail) as detail,
        max(proof) as proof, -- 'claim' comes first in the alphabet
        count(*) as times
    from rejected
    where position not in (select known.position from known)
    group by body
),

quarantined as (
    insert into cdp.quarantine (received_at, reason, detail, body, is_history, user_agent, times, proof)
    select
        %(now)s,
        reason,
        detail,
        body,
        %(history)s,
        %(user_agent)s,
        times,
        proof
    from refused
    order by md5(body)
    on conflict (md5(body)) where state = 'waiting'
    do update set
        times = cdp.quarantine.times + excluded.times,
        proof = greatest(cdp.quarantine.proof, excluded.proof)
)

select
    (select count(*) from accepted)::integer as accepted,
    array(select known.position from known order by known.position) as known,
    not %(is_hashed)s and exists (select from erased.identifiers) as is_unhashed;

-- name: hold_events
-- Until the transaction ends, an erasure waits.
lock table cdp.events, cdp.quarantine in row exclusive mode;

-- name: keep_out
-- Events of the erased leave their event_key, by which a repetition is a duplicate, as of everybody; so does a refused
-- old one whose event_key is known.
with asked as (
    select item.*
    from
        jsonb_to_recordset(%(items)s::jsonb) as item (
            position integer, event_key text, proof text, is_refused boolean
        )
),

known as (
    select
        asked.position,
        asked.is_refused
    from asked
    where
        exists (
            select from cdp.events as stored
            where
                stored.event_id = asked.event_key
                and cdp.rank_proof(stored.proof) >= cdp.rank_proof(asked.proof)
        )
        or exists (
            select from cdp.kept_out as stored
            where
                stored.event_key = asked.event_key
                and cdp.rank_proof(stored.proof) >= cdp.rank_proof(asked.proof)
        )
),

kept_out as (
    insert into cdp.kept_out (event_key, proof)
    select distinct on (asked.event_key)
        asked.event_key,
        asked.proof
    from asked
    where not asked.is_refused and asked.position not in (select known.position from known)
    order by asked.event_key asc, cdp.rank_proof(asked.proof) desc
    on conflict (event_key) do update
        set proof = excluded.proof
        where cdp.rank_proof(kept_out.proof) < cdp.rank_proof(excluded.proof)
    returning event_key
)

select
    (select count(*) from kept_out)::integer as accepted,
    array(select known.position from known where known.is_refused order by known.position) as known,
    false as is_unhashed;
