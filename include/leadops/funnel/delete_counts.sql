with uncounted as (
    delete from analytics.funnel_cells
    where dt = %(dt)s
)

delete from analytics.left_out
where dt = %(dt)s
