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
