-- name: note_settings
-- One row if others were in force before.
insert into consent.settings as known (
    mail_purposes, form_no, unsubscribe_by, unsaid_may_mail, effective_at
)
values (%(mail_purposes)s::text[], %(form_no)s, %(unsubscribe_by)s, %(unsaid_may_mail)s, %(now)s)
on conflict (is_only) do update
    set
        mail_purposes = excluded.mail_purposes,
        form_no = excluded.form_no,
        unsubscribe_by = excluded.unsubscribe_by,
        unsaid_may_mail = excluded.unsaid_may_mail,
        effective_at = excluded.effective_at
    where
    (known.mail_purposes, known.form_no, known.unsubscribe_by, known.unsaid_may_mail)
    is distinct from
    (excluded.mail_purposes, excluded.form_no, excluded.unsubscribe_by, excluded.unsaid_may_mail);

-- name: enqueue_speakers
-- Every lead of which an event may say something about mail.
insert into consent.inbox (lead_id, lane)
select distinct
    lead_id,
    %(lane)s::smallint
from identity.resolved_events
where says_consent
order by lead_id;
