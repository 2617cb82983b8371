select
    count(*) as written,
    coalesce(sum(points), 0) as points,
    count(*) filter (where kind = 'correction') as corrections
from differences
