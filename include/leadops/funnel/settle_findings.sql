update analytics.gate_findings
set settled_at = %(now)s
where
    settled_at is null
    and (%(dt)s::date is null or dt = %(dt)s)
