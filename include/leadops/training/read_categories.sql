-- A value that is not among the words is one of the rare ones: 0.
select
    told.place::integer as place,
    told.feature::integer as feature,
    coalesce(words.code, 0)::real as code
from told
left join
    unnest(%(word_features)s::integer[], %(words)s::text[], %(codes)s::integer[]) as words (feature, value, code)
    on told.feature = words.feature and told.value = words.value
where told.feature = any(%(features)s::integer[])
