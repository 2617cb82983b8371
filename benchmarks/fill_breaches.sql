insert into sla.breaches (
    lead_id, cycle, clock, state, started_at, due_at, business_minutes, target_minutes, changed_at, evidence
)
select
    lead_id,
    1,
    'first_contact',
    'breached',
    %(now)s::timestamptz - interval '10 minutes',
    %(now)s,
    10,
    10,
    %(now)s,
    '{"tier": "hot", "crm_lead_id": "L-1", "rep_id": "rep-1"}'
from generate_series(%(first)s::bigint, %(last)s::bigint) as numbers (lead_id)
