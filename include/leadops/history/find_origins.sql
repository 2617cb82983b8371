select origin
from economics.costs
where origin = any(%(origins)s::text[])
