select
    identity.claim_lead(
        lower(btrim(%(email)s::text)), events.seq, events.ts, events.event_id, %(now)s::timestamptz
    ) as lead_id
from cdp.events as events
where events.seq = %(event_seq)s
