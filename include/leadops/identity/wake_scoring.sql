-- The leads whose events were filed from the chunk.
insert into scoring.inbox (lead_id, lane)
select distinct
    lead_id,
    lane
from chunk
where lead_id is not null and not is_filed
