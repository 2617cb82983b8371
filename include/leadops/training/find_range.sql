-- The last of the next leads, so that a chunk is a range of ids.
select max(lead_id)
from (
    select lead_id
    from identity.leads
    where lead_id > %(after)s
    order by lead_id
    limit %(chunk)s
) as next
