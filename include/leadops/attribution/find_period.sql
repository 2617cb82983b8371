select
    dt,
    since,
    conversion,
    conversions,
    value,
    untouched,
    touches,
    null_paths
from attribution.periods
where %(dt)s::date is null or dt = %(dt)s
order by dt desc
limit 1
