select
    aliases.kind,
    aliases.value,
    aliases.linked_at,
    events.event,
    events.ts,
    events.event_id,
    (
        select count(*) from identity.sightings as sightings
        where sightings.kind = aliases.kind and sightings.value = aliases.value
    ) as other_leads,
    aliases.lead_id,
    aliases.event_seq is null as is_imported
from identity.aliases as aliases
left join cdp.events as events on aliases.event_seq = events.seq
where aliases.lead_id = any(%(leads)s::bigint[])
order by
    aliases.event_seq,
    array_position(array['email', 'crm_id', 'enrichment_id', 'user_id', 'anonymous_id'], aliases.kind)
