-- Everything up to a conversion's own moment is before it, hence the largest number there is. What the funnel does not
-- count is none: what came before its MQL, and a deal that was lost later. A column at a time, to be read as arrays.
select
    array_agg(conversion.lead_id) as leads,
    array_agg(conversion.occurred_at) as times,
    array_agg(9223372036854775807 - 1000 + greatest(least(conversion.cycle, 1000), -1000000)) as seqs,
    array_agg(round(coalesce(conversion.value, 0) * 100)::bigint) as cents
from lifecycle.current_transitions as conversion
where
    conversion.stage = %(stage)s
    and conversion.occurred_at >= %(since)s
    and conversion.occurred_at < %(until)s
    and not exists (
        select from lifecycle.current_transitions as other
        where
            other.lead_id = conversion.lead_id
            and other.cycle = conversion.cycle
            and other.occurred_at > conversion.occurred_at
            and (
                other.stage = 'mql'
                or (conversion.stage = 'won' and other.stage = 'lost' and other.occurred_at < %(until)s)
            )
    )
