-- name: insert_events
-- Events and refused items are stored in one statement, and so in one transaction. Both are written in the order
-- of their keys, so that two senders of the same ids wait for each other and never deadlock. An event with more proof
-- takes the event_id of one with less, which cdp.replaced_events keeps.
with sent as (
    select item.*
    from jsonb_to_recordset(%(events)s::jsonb) as item (
        position integer, event_id text, event text, ts timestamptz, anonymous_id text, user_id text, email text,
        payload jsonb, is_history boolean, proof text
    )
),

incoming as (
    select distinct on (event_id) *
    from sent
    order by event_id asc, cdp.rank_proof(proof) desc, position asc
),

accepted as (
    insert into cdp.events (
        event_id, event, ts, received_at, anonymous_id, user_id, email, payload, is_history, was_refused, proof
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
        proof
    from incoming
    order by event_id, position
    on conflict (event_id) do update
        set
            seq = default,
            event = excluded.event,
            ts = excluded.ts,
            received_at = excluded.received_at,
            anonymous_id = excluded.anonymous_id,
            user_id = excluded.user_id,
            email = excluded.email,
            payload = excluded.payload,
            is_history = excluded.is_history,
            was_refused = excluded.was_refused,
            proof = excluded.proof
        where cdp.rank_proof(events.proof) < cdp.rank_proof(excluded.proof)
    returning seq, is_history
),

queued as (
    -- History waits behind what happens now.
    insert into identity.inbox (event_seq, lane)
    select
        seq,
        is_history::integer
    from accepted
),

rejected as (
    select item.*
    from jsonb_to_recordset(%(refused)s::jsonb) as item (
        position integer, body text, reason text, detail text, proof text, event_id text, own_proof text
    )
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
    array(select known.position from known order by known.position) as known;
