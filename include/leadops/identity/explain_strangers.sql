-- Identifiers that were seen with this lead's email, and are another lead's or nobody's.
select
    sightings.kind,
    sightings.value,
    aliases.lead_id,
    events.event,
    events.ts,
    events.event_id
from identity.sightings as sightings
inner join identity.aliases as aliases on sightings.kind = aliases.kind and sightings.value = aliases.value
left join cdp.events as events on sightings.event_seq = events.seq
where sightings.lead_id = %(lead_id)s
order by sightings.event_seq, sightings.kind
