-- What waiting left of the chances of ripe MQLs; one that was never contacted has waited for ever.
select
    avg(
        %(floor)s + (1 - %(floor)s) * case
            when clocks.stopped_at < %(until)s then power(0.5, clocks.business_minutes / %(half_life)s)
            else 0
        end
    ) as responded,
    count(*) filter (where clocks.stopped_at < %(until)s) as contacts
from lifecycle.current_transitions as mql
inner join sla.clocks as clocks
    on mql.lead_id = clocks.lead_id and mql.cycle = clocks.cycle and clocks.clock = 'first_contact'
where
    mql.stage = 'mql'
    and mql.occurred_at >= %(labels_since)s
    and mql.occurred_at < %(ripe_before)s
    and mql.recorded_at < %(until)s
