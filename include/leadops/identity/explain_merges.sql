select
    held.merge_id,
    held.older_lead_id,
    held.younger_lead_id,
    held.kind,
    held.value,
    events.event,
    events.ts,
    events.event_id,
    held.merged_at,
    held.undone_at,
    held.undone_by,
    held.undone_because
from identity.lead_merges as held
left join cdp.events as events on held.event_seq = events.seq
where held.older_lead_id = any(%(leads)s::bigint[]) or held.younger_lead_id = any(%(leads)s::bigint[])
order by held.merge_id
