-- name: list_entries
select
    quarantine_id,
    received_at,
    reason,
    detail,
    times,
    state,
    body
from cdp.quarantine
where
    state = %(state)s
    and (%(reason)s::text is null or reason = %(reason)s)
    and (%(since)s::timestamptz is null or received_at >= %(since)s)
    and (%(before)s::bigint is null or quarantine_id < %(before)s)
order by quarantine_id desc
limit %(max_rows)s;

-- name: count_entries
select
    reason,
    state,
    count(*) as items,
    sum(times) as times,
    min(received_at) as first_at,
    max(received_at) as last_at
from cdp.quarantine
group by reason, state
order by state desc, times desc, reason asc;

-- name: drop_entries
update cdp.quarantine
set
    state = 'dropped',
    settled_at = %(now)s
where
    state = 'waiting'
    and (%(ids)s::bigint[] is null or quarantine_id = any(%(ids)s))
    and (%(reason)s::text is null or reason = %(reason)s);

-- name: lock_waiting
-- Another admission at the same time skips these items.
select
    quarantine_id,
    received_at,
    body,
    is_history,
    user_agent,
    proof
from cdp.quarantine
where
    state = 'waiting'
    and quarantine_id > %(after)s
    and (%(ids)s::bigint[] is null or quarantine_id = any(%(ids)s))
    and (%(reason)s::text is null or reason = %(reason)s)
order by quarantine_id
limit %(max_rows)s
for update skip locked;

-- name: update_reason
update cdp.quarantine
set
    reason = %(reason)s,
    detail = %(detail)s
where quarantine_id = %(quarantine_id)s;

-- name: mark_admitted
-- The event is stored now, or its event_id was known before.
update cdp.quarantine
set
    state = 'admitted',
    admitted_body = %(admitted_body)s,
    settled_at = %(now)s
where quarantine_id = %(quarantine_id)s;

-- name: add_refused_calls
-- In the order of the reasons, so that two gateways never deadlock.
insert into cdp.refused_calls (counted_at, reason, times)
select
    date_bin('5 minutes', %(now)s::timestamptz, '2000-01-01 00:00:00+00'),
    refused.reason,
    refused.times
from unnest(%(reasons)s::text[], %(times)s::bigint[]) as refused (reason, times)
order by refused.reason
on conflict (counted_at, reason) do update set times = refused_calls.times + excluded.times;
