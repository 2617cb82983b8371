with gone as (
    delete from attribution.periods
    where dt = %(dt)s
)

delete from attribution.credits
where dt = %(dt)s
