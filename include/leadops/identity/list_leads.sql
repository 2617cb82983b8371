select
    lead_id,
    email,
    created_at,
    first_event_seq,
    is_claimed or first_event_seq is null as is_given
from identity.leads
