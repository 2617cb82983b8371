select count(*)
from delivery.heals as heals
inner join delivery.audits as audits on heals.audit_id = audits.audit_id
where audits.night = %(night)s
