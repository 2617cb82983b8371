-- name: insert_audit
insert into delivery.audits (night, audited_by, begun_at, correction_limit, missing_limit)
values (%(night)s, %(audited_by)s, %(now)s, %(correction_limit)s, %(missing_limit)s)
returning audit_id;

-- name: count_corrections
select count(*)
from delivery.score_corrections as corrections
inner join delivery.audits as audits on corrections.audit_id = audits.audit_id
where audits.night = %(night)s;

-- name: insert_correction
insert into delivery.score_corrections (audit_id, lead_id, external_id, ledger, ma, corrected_at)
values (%(audit_id)s, %(lead_id)s, %(external_id)s, %(ledger)s, %(ma)s, %(now)s)
returning correction_id, (select installation_id from delivery.installation) as installation_id;

-- name: link_effect
update delivery.score_corrections
set outbox_id = (select outbox_id from delivery.outbox where idempotency_key = %(idempotency_key)s)
where correction_id = %(correction_id)s;

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
    corrected = %(corrected)s,
    lead_ids = %(lead_ids)s
where audit_id = %(audit_id)s;
