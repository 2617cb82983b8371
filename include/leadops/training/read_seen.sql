select
    place::integer as place,
    name::integer as name,
    age::real as age
from seen
