-- How many refused items there are of each reason and state; times counts each arrival.
select
    reason,
    state,
    count(*) as items,
    sum(times) as times,
    min(received_at) as first_at,
    max(received_at) as last_at
from cdp.quarantine
group by reason, state
order by state desc, times desc, reason asc
