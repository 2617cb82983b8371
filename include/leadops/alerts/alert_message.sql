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

-- name: lock_digest
-- The lock keeps another process from closing the digest at the moment when it takes in a new incident.
select message_id
from alerts.messages
where
    purpose = 'digest' and digest_group = %(digest_group)s and state = 'open'
    and created_at > %(since)s
order by message_id desc
limit 1
for update;

-- name: insert_message
insert into alerts.messages (purpose, digest_group, created_at)
values (%(purpose)s, %(digest_group)s, %(now)s)
returning message_id;

-- name: insert_escalations
-- One escalation in the thread of each message about an open, escalated incident.
insert into alerts.messages (purpose, parent_id, created_at)
select distinct
    'escalation',
    messages.message_id,
    %(now)s::timestamptz
from incidents.incidents
inner join alerts.messages on incidents.message_id = messages.message_id
where
    incidents.state = 'open' and incidents.escalated_at is not null
    and messages.state = 'open' and messages.posted_at is not null
on conflict (parent_id, purpose) do nothing;

-- name: record_failing
insert into alerts.failing_channels as known (channel, failing_since, tried_at, rest_until, waiting, problem)
values (%(channel)s, %(now)s, %(now)s, %(rest_until)s, %(waiting)s, %(problem)s)
on conflict (channel) do update
    set
        tried_at = excluded.tried_at,
        rest_until = excluded.rest_until,
        waiting = excluded.waiting,
        problem = excluded.problem;

-- name: clear_failing
delete from alerts.failing_channels
where channel = %(channel)s;

-- name: is_resting
select count(*) from alerts.failing_channels
where channel = %(channel)s and rest_until > %(now)s;

-- name: list_failing
-- By its attempts: one that nobody tries any more does not fail for longer.
select
    channel,
    failing_since,
    waiting,
    problem
from alerts.failing_channels
where tried_at >= failing_since + %(least)s::interval and tried_at > %(tried_after)s
order by channel;
