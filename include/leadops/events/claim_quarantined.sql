-- Hold waiting items for one admission; another admission at the same time passes over them.
select
    quarantine_id,
    received_at,
    body,
    is_history,
    user_agent
from cdp.quarantine
where
    state = 'waiting'
    and quarantine_id > %(after)s
    and (%(ids)s::bigint[] is null or quarantine_id = any(%(ids)s))
    and (%(reason)s::text is null or reason = %(reason)s)
order by quarantine_id
limit %(most)s
for update skip locked
