-- name: insert_correction
insert into delivery.score_corrections (audit_id, lead_id, external_id, ledger, ma, corrected_at)
values (%(audit_id)s, %(lead_id)s, %(external_id)s, %(ledger)s, %(ma)s, %(now)s)
returning correction_id, delivery.make_nonce() as nonce;

-- name: link_effect
update delivery.score_corrections
set outbox_id = (select outbox_id from delivery.outbox where idempotency_key = %(idempotency_key)s)
where correction_id = %(correction_id)s;
