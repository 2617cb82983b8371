update analytics.built_days
set is_gated = true
where dt = %(dt)s
