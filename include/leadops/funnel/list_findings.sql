select
    dt,
    gate,
    subject,
    lead_id,
    facts,
    found_at,
    settled_at is null and open_until > %(now)s as is_open
from analytics.gate_findings
where
    (%(first)s::date is null or dt >= %(first)s)
    and (%(last)s::date is null or dt <= %(last)s)
    and (not %(only_open)s or (settled_at is null and open_until > %(now)s))
order by dt desc, gate asc, subject asc
