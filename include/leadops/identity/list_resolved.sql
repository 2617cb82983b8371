select
    event_seq,
    lead_id
from identity.resolved_events
