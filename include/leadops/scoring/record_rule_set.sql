insert into scoring.rule_sets (hash, body, effective_at, reason)
values (%(hash)s, %(body)s, %(now)s, %(reason)s)
returning rule_set_id
