select
    string_agg(
        int4send(place) || int8send(lead_id) || int4send(cycle)
        || float8send(extract(epoch from at)::double precision) || int4send(is_reached::integer),
        ''
    )
from moments
group by place / 10000
