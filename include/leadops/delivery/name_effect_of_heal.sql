update delivery.heals
set outbox_id = (select outbox_id from delivery.outbox where idempotency_key = %(idempotency_key)s)
where heal_id = %(heal_id)s
