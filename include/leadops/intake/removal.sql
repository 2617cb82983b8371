-- name: wait_for_forms
lock table intake.raw_leads, intake.quarantined_forms in share mode;

-- name: clear_forms
update intake.raw_leads
set sender_id = null, body = '', changes = '[]'
where submission_id = any(%(submission_ids)s::text[]);

-- name: delete_traces
delete from intake.form_traces
where submission_id = any(%(submission_ids)s::text[]) or person = any(%(people)s::text[]);

-- name: list_bodies
select
    quarantine_id,
    body,
    admitted_body
from intake.quarantined_forms;

-- name: delete_quarantined
delete from intake.quarantined_forms
where quarantine_id = any(%(ids)s::bigint[]);

-- name: purge_forms
delete from intake.quarantined_forms
where quarantine_id in (
    select old.quarantine_id
    from intake.quarantined_forms as old
    where
        (old.state <> 'waiting' and old.settled_at < %(before)s)
        or (old.state = 'waiting' and starts_with(old.reason, 'spam_') and old.received_at < %(before)s)
    order by old.quarantine_id
    limit %(max_rows)s
);

-- name: purge_traces
delete from intake.form_traces
where trace_id in (
    select old.trace_id
    from intake.form_traces as old
    where old.seen_at < %(before)s
    order by old.trace_id
    limit %(max_rows)s
);

-- name: purge_refusals
delete from intake.form_refusals
where (counted_at, reason) in (
    select
        old.counted_at,
        old.reason
    from intake.form_refusals as old
    where old.counted_at < %(before)s
    order by old.counted_at, old.reason
    limit %(max_rows)s
);

-- name: remove_canary
select intake.remove_canary(%(submission_ids)s::text[]);
