-- The leads that identifiers were seen with, and that they have joined.
with asked as (
    select * from unnest(%(kinds)s::text[], %(values)s::text[]) as asked (kind, value)
)

select aliases.lead_id
from asked
inner join identity.aliases as aliases on asked.kind = aliases.kind and asked.value = aliases.value
where aliases.lead_id <> 0
union
select sightings.lead_id
from asked
inner join identity.sightings as sightings on asked.kind = sightings.kind and asked.value = sightings.value
union
select ends.lead_id
from asked
inner join identity.lead_merges as held
    on asked.kind = held.kind and asked.value = held.value and held.undone_at is null
cross join lateral (values (held.older_lead_id), (held.younger_lead_id)) as ends (lead_id)
