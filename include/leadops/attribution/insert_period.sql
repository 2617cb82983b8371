insert into attribution.periods
(dt, since, conversion, conversions, value, untouched, touches, null_paths, settings, computed_at)
values
(
    %(dt)s,
    %(since)s,
    %(conversion)s,
    %(conversions)s,
    %(value)s,
    %(untouched)s,
    %(touches)s,
    %(null_paths)s,
    %(settings)s,
    %(now)s
)
