select
    lead_id,
    stage,
    occurred_at,
    reference,
    campaign,
    source,
    value,
    evidence
from lifecycle.imported
where lead_id = any(%(leads)s::bigint[])
