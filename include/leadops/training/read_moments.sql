select
    place::integer as place,
    (lead_id >> 31)::integer as lead_high,
    (lead_id & 2147483647)::integer as lead_low,
    cycle::integer as cycle,
    extract(epoch from at)::double precision as at,
    is_reached::integer as is_reached
from moments
order by place
