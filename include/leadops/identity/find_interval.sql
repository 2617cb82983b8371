select
    min(seq) as first_seq,
    max(seq) as last_seq
from cdp.events
where received_at >= %(start)s and received_at < %(stop)s
