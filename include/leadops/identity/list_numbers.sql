select lead_id
from identity.leads
where first_event_seq is not null and not is_claimed
order by lead_id
