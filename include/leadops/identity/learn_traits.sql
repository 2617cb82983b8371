-- The newest value of each trait stays, by (ts, event_id), so that the order of arrival does not matter.
with told as (
    select
        chunk.lead_id,
        wanted.trait,
        wanted.place,
        events.payload -> 'properties' -> wanted.property as value,
        events.ts,
        events.event_id
    from chunk
    inner join cdp.events as events on chunk.event_seq = events.seq
    cross join unnest(%(traits)s::text[], %(properties)s::text[]) with ordinality as wanted (trait, property, place)
    where chunk.tells_traits and chunk.lead_id is not null
)

insert into identity.traits (lead_id, trait, value, ts, event_id)
select distinct on (lead_id, trait)
    lead_id,
    trait,
    value,
    ts,
    event_id
from told
where jsonb_typeof(value) in ('string', 'number', 'boolean') and value <> '""'
order by lead_id asc, trait asc, ts desc, event_id collate "C" desc, place asc
on conflict (lead_id, trait) do update
    set
        value = excluded.value,
        ts = excluded.ts,
        event_id = excluded.event_id
    where (excluded.ts, excluded.event_id collate "C") > (traits.ts, traits.event_id collate "C")
