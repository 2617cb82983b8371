update identity.progress
set last_seq = %(last_seq)s
where last_seq < %(last_seq)s
