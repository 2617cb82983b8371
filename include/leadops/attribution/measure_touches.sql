select
    coalesce(min(seq) filter (where lead_id is null), 0) as first_seq,
    coalesce(max(seq), 0) as last_seq
from attribution_touches
