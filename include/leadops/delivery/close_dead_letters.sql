update delivery.dead_letters
set state = %(state)s, settled_at = %(now)s
where dead_letter_id = any(%(ids)s) and state = 'open'
