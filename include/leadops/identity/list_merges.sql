select
    older_lead_id,
    younger_lead_id,
    kind,
    value,
    event_seq
from identity.lead_merges
where undone_at is null and younger_lead_id in (select involved.lead_id from involved)
