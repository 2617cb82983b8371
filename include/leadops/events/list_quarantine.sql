-- The quarantine, newest first.
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
order by quarantine_id desc
limit %(most)s
