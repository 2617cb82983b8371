update delivery.batches
set
    state = %(state)s,
    attempts = attempts + 1,
    not_before = %(not_before)s,
    settled_at = case when %(state)s = 'ready' then null else %(now)s end,
    error = %(error)s
where batch_id = %(batch_id)s
