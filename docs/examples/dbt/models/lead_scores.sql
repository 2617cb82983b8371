-- The score of every lead, as the sum of its reasons.
select
    lead_id,
    sum(points) as score,
    max(happened_at) as last_reason_at
from {{ source('leadops', 'ledger') }}
group by lead_id
