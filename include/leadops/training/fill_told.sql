-- The newest telling counts; of one event the first property present. Events are put in order once, not once for each
-- of their properties.
with tellings as materialized (
    select
        seen.place,
        events.payload -> 'properties' as properties,
        row_number() over (
            partition by seen.place
            order by events.ts desc, events.event_id collate "C" desc
        ) as rank
    from seen
    inner join cdp.events as events on seen.event_seq = events.seq
    where seen.name = any(%(told_by)s::integer[])
)

insert into told (place, feature, value)
select distinct on (tellings.place, wanted.feature)
    tellings.place,
    wanted.feature,
    lower(btrim(tellings.properties ->> wanted.property)) as value
from tellings
inner join
    unnest(%(features)s::integer[], %(properties)s::text[]) with ordinality
        as wanted (feature, property, preference)
    on tellings.properties ? wanted.property
where
    jsonb_typeof(tellings.properties -> wanted.property) in ('string', 'number', 'boolean')
    and btrim(tellings.properties ->> wanted.property) <> ''
order by tellings.place asc, wanted.feature asc, tellings.rank asc, wanted.preference asc
