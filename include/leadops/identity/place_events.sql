update chunk
set lead_id = placed.lead_id
from placed
where chunk.event_seq = placed.event_seq
