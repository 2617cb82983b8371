insert into identity.resolved_events (event_seq, lead_id)
select
    event_seq,
    lead_id
from chunk
where lead_id is not null and not is_filed
order by lead_id, event_seq
