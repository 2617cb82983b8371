-- With which of the involved leads' emails each identifier was seen, where it was seen with several.
select
    aliases.kind,
    aliases.value,
    aliases.lead_id,
    aliases.confirmed_seq as event_seq
from involved
inner join identity.aliases as aliases on involved.lead_id = aliases.lead_id
where
    aliases.kind = any(%(kinds)s::text[])
    and aliases.confirmed_seq is not null
    and exists (
        select from identity.sightings as others
        where aliases.kind = others.kind and aliases.value = others.value
    )
union all
select
    sightings.kind,
    sightings.value,
    sightings.lead_id,
    sightings.event_seq
from involved
inner join identity.sightings as sightings on involved.lead_id = sightings.lead_id
inner join identity.aliases as aliases
    on sightings.kind = aliases.kind and sightings.value = aliases.value and aliases.lead_id <> 0
where sightings.kind = any(%(kinds)s::text[])
