-- name: read_report
select
    report_id,
    name,
    facts,
    sentences,
    picture,
    digest,
    file,
    uploaded_file,
    unknown_since,
    posted_at,
    posted_digest
from reports.reports
where report_id = %(report_id)s;

-- name: note_uploaded
update reports.reports
set uploaded_file = %(uploaded_file)s
where report_id = %(report_id)s;

-- name: forget_post
-- The report is posted again, with a new upload.
update reports.reports
set uploaded_file = null, unknown_since = null, posted_at = null
where report_id = %(report_id)s;

-- name: note_attempt
update reports.reports
set unknown_since = coalesce(unknown_since, %(now)s)
where report_id = %(report_id)s;

-- name: note_refused
update reports.reports
set unknown_since = null
where report_id = %(report_id)s;

-- name: note_posted
update reports.reports
set posted_at = %(now)s, posted_digest = digest
where report_id = %(report_id)s;
