-- name: read_messages
select
    messages.message_id,
    messages.nonce,
    messages.purpose,
    messages.parent_id,
    messages.attempts,
    messages.tried_at,
    messages.unknown_since,
    messages.posted_at,
    messages.channel,
    messages.message_ts,
    messages.shown_hash,
    messages.shown_facts,
    messages.shown_at
from unnest(%(message_ids)s::bigint[]) with ordinality as chosen (message_id, place)
inner join alerts.messages as messages on chosen.message_id = messages.message_id
order by chosen.place;

-- name: list_open_messages
-- Those never tried first, then the longest untried.
select message_id
from alerts.messages
where state = 'open'
order by tried_at nulls first, message_id;

-- name: lock_message
select message_id
from alerts.messages
where message_id = %(message_id)s and state = 'open'
for update skip locked;

-- name: lock_attempt
select
    attempts as number,
    unknown_since
from alerts.messages
where message_id = %(message_id)s and state = 'open'
for update;

-- name: note_attempt
update alerts.messages
set
    attempts = attempts + 1,
    tried_at = %(now)s::timestamptz,
    unknown_since = coalesce(unknown_since, %(now)s::timestamptz)
where message_id = %(message_id)s;

-- name: note_refused
update alerts.messages
set unknown_since = null
where message_id = %(message_id)s;

-- name: note_posted
update alerts.messages
set
    posted_at = %(now)s::timestamptz,
    nonce = coalesce(%(nonce)s::text, nonce),
    channel = %(channel)s,
    message_ts = %(message_ts)s,
    shown_hash = %(shown_hash)s,
    shown_facts = %(shown_facts)s,
    shown_at = %(now)s::timestamptz
where message_id = %(message_id)s;

-- name: note_edited
update alerts.messages
set
    shown_hash = %(shown_hash)s,
    shown_facts = %(shown_facts)s,
    shown_at = %(now)s::timestamptz,
    tried_at = %(now)s::timestamptz
where message_id = %(message_id)s;

-- name: note_tried
update alerts.messages
set tried_at = %(now)s
where message_id = %(message_id)s;

-- name: note_final
update alerts.messages
set state = 'final'
where message_id = %(message_id)s;

-- name: insert_resolution
insert into alerts.messages (purpose, parent_id, created_at)
values ('resolution', %(parent_id)s, %(now)s)
on conflict (parent_id, purpose) do nothing
returning message_id;

-- name: doubt_open
update alerts.messages
set unknown_since = created_at, tried_at = coalesce(tried_at, created_at)
where state = 'open' and posted_at is null and unknown_since is null and created_at < %(before)s;

-- name: list_alert_nonces
select nonce
from alerts.messages
where nonce = any(%(nonces)s::text[]);

-- name: list_nonces
select nonce
from alerts.messages
where nonce = any(%(nonces)s::text[])
union all
select nonce
from routing.notices
where nonce = any(%(nonces)s::text[]);
