-- name: quarantine_form
-- Without a row, a form of this id became a lead before: the sender sent it again.
insert into intake.quarantined_forms (
    submission_id, received_at, signed_at, secret, reason, detail, body, tool
)
select
    %(submission_id)s::text,
    %(now)s::timestamptz,
    %(signed_at)s::timestamptz,
    %(secret)s::smallint,
    %(reason)s::text,
    %(detail)s::text,
    %(body)s::bytea,
    %(tool)s::text
where
    not exists (select from intake.raw_leads where raw_leads.submission_id = %(submission_id)s::text)
    and (%(is_hashed)s or not exists (select from erased.identifiers))
on conflict (submission_id, sha256(body)) do update set times = quarantined_forms.times + 1
returning quarantine_id;

-- name: settle_answered
-- Its answers have come, and it is a lead.
update intake.quarantined_forms
set
    state = 'admitted',
    settled_at = %(now)s
where submission_id = %(submission_id)s::text and state = 'waiting' and reason = 'no_answers';

-- name: hold_quarantine
-- Until the transaction ends, an erasure waits.
lock table intake.quarantined_forms in row exclusive mode;

-- name: forget_trace
delete from intake.form_traces
where submission_id = %(submission_id)s::text;

-- name: is_lead
select exists(select from intake.raw_leads where raw_leads.submission_id = %(submission_id)s::text);

-- name: list_entries
select
    quarantine_id,
    submission_id,
    received_at,
    signed_at,
    secret,
    reason,
    detail,
    times,
    state,
    body,
    admitted_body,
    tool
from intake.quarantined_forms
where
    (%(ids)s::bigint[] is null or quarantine_id = any(%(ids)s))
    and (%(state)s::text is null or state = %(state)s)
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
from intake.quarantined_forms
group by reason, state
order by state desc, times desc, reason asc;

-- name: drop_entries
update intake.quarantined_forms
set
    state = 'dropped',
    settled_at = %(now)s
where
    state = 'waiting'
    and (%(ids)s::bigint[] is null or quarantine_id = any(%(ids)s))
    and (%(reason)s::text is null or reason = %(reason)s);

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

-- name: add_refusals
-- In the order of the reasons, so that two gateways never deadlock.
insert into intake.form_refusals (counted_at, reason, times)
select
    date_bin('5 minutes', %(now)s::timestamptz, '2000-01-01 00:00:00+00'),
    refused.reason,
    refused.times
from unnest(%(reasons)s::text[], %(times)s::bigint[]) as refused (reason, times)
order by refused.reason
on conflict (counted_at, reason) do update set times = form_refusals.times + excluded.times;
