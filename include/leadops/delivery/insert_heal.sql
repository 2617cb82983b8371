insert into delivery.heals (audit_id, lead_id, external_id, ledger, ma, healed_at)
values (%(audit_id)s, %(lead_id)s, %(external_id)s, %(ledger)s, %(ma)s, %(now)s)
returning heal_id, (select installation_id from delivery.installation) as installation_id
