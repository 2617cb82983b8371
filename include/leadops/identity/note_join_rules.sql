insert into identity.progress (last_seq, join_rules)
values (0, %(join_rules)s)
on conflict (is_only) do update
    set join_rules = excluded.join_rules
