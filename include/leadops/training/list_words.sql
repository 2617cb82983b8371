-- The values of each category, the most frequent first.
select
    feature,
    value
from (
    select
        feature,
        value,
        row_number() over (partition by feature order by count(*) desc, value asc) as rank
    from told
    where feature = any(%(features)s::integer[])
    group by feature, value
) as ranked
where rank <= %(most)s
order by feature, rank
