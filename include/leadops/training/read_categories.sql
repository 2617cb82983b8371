-- A value that is not among the words is one of the rare ones: 0.
select string_agg(int4send(told.place) || int4send(told.feature) || float4send(coalesce(words.code, 0)::real), '')
from told
left join
    unnest(%(word_features)s::integer[], %(words)s::text[], %(codes)s::integer[]) as words (feature, value, code)
    on told.feature = words.feature and told.value = words.value
where told.feature = any(%(features)s::integer[])
group by told.place / 10000
