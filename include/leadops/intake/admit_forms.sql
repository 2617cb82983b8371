-- name: lock_waiting
-- Another admission at the same time skips these forms.
select
    quarantine_id,
    submission_id,
    received_at,
    signed_at,
    secret,
    body,
    tool
from intake.quarantined_forms
where
    state = 'waiting'
    and quarantine_id > %(after)s
    and (%(ids)s::bigint[] is null or quarantine_id = any(%(ids)s))
    and (%(reason)s::text is null or reason = %(reason)s)
order by quarantine_id
limit %(max_rows)s
for update skip locked;

-- name: update_reason
update intake.quarantined_forms
set
    reason = %(reason)s,
    detail = %(detail)s
where quarantine_id = %(quarantine_id)s;

-- name: mark_admitted
-- The form is a lead now, or a form of its id was one before.
update intake.quarantined_forms
set
    state = 'admitted',
    admitted_body = %(admitted_body)s,
    settled_at = %(now)s
where quarantine_id = %(quarantine_id)s;
