-- name: insert_audit
insert into delivery.audits (night, audited_by, begun_at, correction_limit, missing_limit)
values (%(night)s, %(audited_by)s, %(now)s, %(correction_limit)s, %(missing_limit)s)
returning audit_id;

-- name: count_corrections
select count(*)
from delivery.score_corrections as corrections
inner join delivery.audits as audits on corrections.audit_id = audits.audit_id
where audits.night = %(night)s;

-- name: end_audit
update delivery.audits
set
    ended_at = %(now)s,
    leads = %(leads)s,
    ma_leads = %(ma_leads)s,
    under_way = %(under_way)s,
    differing = %(differing)s,
    missing_in_ma = %(missing_in_ma)s,
    inconsistent = %(inconsistent)s,
    unmatched = %(unmatched)s,
    gone = %(gone)s,
    corrected = %(corrected)s,
    lead_ids = %(lead_ids)s
where audit_id = %(audit_id)s;
