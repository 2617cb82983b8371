-- Everything up to a conversion's own moment is before it, hence the largest number there is.
select
    lead_id,
    occurred_at,
    9223372036854775807 - 1000 + least(cycle, 1000) as seq,
    round(coalesce(value, 0) * 100)::bigint as cents
from lifecycle.current_transitions
where
    stage = %(stage)s
    and occurred_at >= %(since)s
    and occurred_at < %(until)s
