-- The revision that holds of every quarter, with its contract.
select distinct on (quarter)
    quarter,
    timezone,
    contract,
    frozen_at
from lifecycle.frozen_quarters
order by quarter asc, revision desc
