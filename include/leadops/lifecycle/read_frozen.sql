-- The revision that holds.
select
    quarter,
    revision,
    versions,
    digest,
    frozen_at
from lifecycle.frozen_quarters
where quarter = %(quarter)s
order by revision desc
limit 1
