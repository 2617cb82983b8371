insert into scoring.inbox (lead_id, lane)
select
    lead_id,
    1
from identity.leads
order by lead_id
