update sla.clocks
set stopped_at = %(stopped_at)s, stopped_by = %(stopped_by)s, business_minutes = %(business_minutes)s
where clock_id = %(clock_id)s
