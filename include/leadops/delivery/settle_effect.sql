update delivery.outbox
set
    state = %(state)s,
    attempts = attempts + 1,
    not_before = %(not_before)s,
    settled_at = case when %(state)s = 'sending' then null else %(now)s end,
    answer = %(answer)s,
    error = %(error)s
where outbox_id = %(outbox_id)s
