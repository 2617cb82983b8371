select
    older_lead_id,
    younger_lead_id,
    kind,
    value,
    event_seq
from identity.lead_merges
where undone_at is null
