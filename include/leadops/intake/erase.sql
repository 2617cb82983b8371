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
