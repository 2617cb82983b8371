insert into delivery.audits (night, audited_by, begun_at, heal_limit, gone_limit)
values (%(night)s, %(audited_by)s, %(now)s, %(heal_limit)s, %(gone_limit)s)
returning audit_id
