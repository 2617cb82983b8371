select
    dt,
    gate,
    subject,
    lead_id,
    facts,
    found_at,
    settled_at is null and open_until > %(now)s as is_open
from analytics.gate_findings
where dt between %(first)s and %(last)s
order by dt, gate, subject
