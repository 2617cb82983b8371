select
    kind,
    value,
    lead_id,
    event_seq,
    confirmed_seq
from identity.aliases
where kind in ('enrichment_id', 'user_id', 'anonymous_id')
