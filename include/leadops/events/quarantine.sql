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
