select
    kind,
    value,
    lead_id,
    event_seq
from identity.sightings
