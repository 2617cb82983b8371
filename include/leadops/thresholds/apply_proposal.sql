update lifecycle.thresholds
set
    value = proposed_value,
    sla_minutes = proposed_sla_minutes,
    effective_at = %(now)s,
    decided_by = %(decided_by)s,
    waits_since = null
where day = %(day)s and effective_at is null
