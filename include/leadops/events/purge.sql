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
