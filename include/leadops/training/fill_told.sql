-- The newest telling counts; of one event the first property present.
with tellings as materialized (
    select
        seen.place,
        wanted.feature,
        wanted.preference,
        events.ts,
        events.event_id,
        events.payload #> array['properties', wanted.property] as value
    from seen
    inner join cdp.events as events on seen.event_seq = events.seq
    cross join
        unnest(%(features)s::integer[], %(properties)s::text[]) with ordinality
            as wanted (feature, property, preference)
    where seen.name = any(%(told_by)s::integer[])
)

insert into told (place, feature, value)
select distinct on (place, feature)
    place,
    feature,
    lower(btrim(value #>> '{}'))
from tellings
where jsonb_typeof(value) in ('string', 'number', 'boolean') and btrim(value #>> '{}') <> ''
order by place asc, feature asc, ts desc, event_id collate "C" desc, preference asc
