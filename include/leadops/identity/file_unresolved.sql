insert into identity.unresolved_events (event_seq, enrichment_id, anonymous_id, user_id)
select
    event_seq,
    enrichment_id,
    anonymous_id,
    user_id
from chunk
where lead_id is null
