-- Identifiers that were seen with an email of this person, and are somebody else's or nobody's.
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
where sightings.lead_id = any(%(leads)s::bigint[]) and aliases.lead_id <> all(%(leads)s::bigint[])
order by sightings.event_seq, sightings.kind
