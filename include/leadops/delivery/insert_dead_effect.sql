insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)
values (%(target)s, 'effect', %(outbox_id)s, %(lead_id)s, %(reason)s, %(now)s)
