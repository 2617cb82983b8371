-- name: purge_freed
-- What an act is may change while this waits for its row, so both ask.
delete from machines.verdicts
where
    event_seq in (
        select old.event_seq
        from machines.verdicts as old
        where old.freed_at < %(before)s
        order by old.event_seq
        limit %(max_rows)s
    )
    and freed_at < %(before)s;

-- name: purge_lost_acts
delete from machines.acts
where (lead_id, event_seq) in (
    select
        lost.lead_id,
        lost.event_seq
    from machines.acts as lost
    where
        lost.ts < %(before)s
        and not exists (select from cdp.events as events where events.seq = lost.event_seq)
    order by lost.lead_id, lost.event_seq
    limit %(max_rows)s
);

-- name: purge_lost_verdicts
delete from machines.verdicts
where event_seq in (
    select lost.event_seq
    from machines.verdicts as lost
    where
        lost.classified_at < %(before)s
        and not exists (select from cdp.events as events where events.seq = lost.event_seq)
    order by lost.event_seq
    limit %(max_rows)s
);
