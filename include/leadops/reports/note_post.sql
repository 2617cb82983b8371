update reports.reports
set
    uploaded_file = %(uploaded_file)s,
    telling_since = %(telling_since)s,
    posted_at = %(posted_at)s,
    posted_digest = %(posted_digest)s
where report_id = %(report_id)s
