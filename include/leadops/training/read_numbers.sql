select
    place::integer as place,
    feature::integer as feature,
    value::double precision::real as number
from told
where feature = any(%(features)s::integer[]) and value ~ '^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$'
