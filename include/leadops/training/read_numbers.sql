select string_agg(int4send(place) || int4send(feature) || float4send(value::double precision::real), '')
from told
where feature = any(%(features)s::integer[]) and value ~ '^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$'
group by place / 10000
