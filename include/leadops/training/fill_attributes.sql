-- What became known of the lead later, or nobody knows when, was not known at its moment. The newest counts where a
-- person has several leads.
insert into told (place, feature, value)
select distinct on (moments.place, wanted.feature)
    moments.place,
    wanted.feature,
    lower(btrim(attributes.value #>> '{}'))
from moments
inner join sources on moments.place = sources.place
inner join history.attributes as attributes on sources.lead_id = attributes.lead_id
inner join
    unnest(%(features)s::integer[], %(attributes)s::text[]) as wanted (feature, attribute)
    on attributes.attribute = wanted.attribute
where
    attributes.known_at <= moments.at
    and jsonb_typeof(attributes.value) in ('string', 'number', 'boolean')
    and btrim(attributes.value #>> '{}') <> ''
order by moments.place asc, wanted.feature asc, attributes.known_at desc, attributes.lead_id asc
