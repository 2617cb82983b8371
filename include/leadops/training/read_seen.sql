select string_agg(int4send(place) || int4send(name) || float4send(age), '')
from seen
group by place / 10000
