select
    name,
    facts,
    sentences,
    picture,
    digest,
    file,
    uploaded_file,
    telling_since,
    posted_at,
    posted_digest
from reports.reports
where report_id = %(report_id)s
