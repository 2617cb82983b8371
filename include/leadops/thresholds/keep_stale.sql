update lifecycle.thresholds
set plan = 'keep', waits_since = null, reason = %(stale)s::text || ', so nothing changes: ' || reason
where day = %(day)s and effective_at is null
