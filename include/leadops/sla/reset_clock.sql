update sla.clocks
set
    warn_at = %(warn_at)s,
    due_at = %(due_at)s,
    target_minutes = %(target_minutes)s,
    policy = %(policy)s,
    evidence = %(evidence)s
where lead_id = %(lead_id)s and cycle = %(cycle)s and clock = %(clock)s
