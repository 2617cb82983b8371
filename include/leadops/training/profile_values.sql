-- name: analyze_events_seen
analyze events_seen;

-- name: fill_profile_values
-- The newest event counts; within an event the first property that is present. Events are sorted once, not once a
-- property.
with profile_events as materialized (
    select
        events_seen.place,
        events.payload -> 'properties' as properties,
        row_number() over (
            partition by events_seen.place
            order by events.ts desc, events.event_id collate "C" desc
        ) as rank
    from events_seen
    inner join cdp.events as events on events_seen.event_seq = events.seq
    where events_seen.name = any(%(profile_events)s::integer[])
)

insert into profile_values (place, feature, value)
select distinct on (profile_events.place, wanted.feature)
    profile_events.place,
    wanted.feature,
    lower(normalize(btrim(profile_events.properties ->> wanted.property), nfkc)) as value
from profile_events
inner join
    unnest(%(features)s::integer[], %(properties)s::text[]) with ordinality
        as wanted (feature, property, preference)
    on profile_events.properties ? wanted.property
where
    jsonb_typeof(profile_events.properties -> wanted.property) in ('string', 'number', 'boolean')
    and btrim(profile_events.properties ->> wanted.property) <> ''
order by profile_events.place asc, wanted.feature asc, profile_events.rank asc, wanted.preference asc;

-- name: fill_attributes
-- An attribute that became known later, or at an unknown time, was not known at the observation. The newest counts
-- where a person has several leads.
insert into profile_values (place, feature, value)
select distinct on (observations.place, wanted.feature)
    observations.place,
    wanted.feature,
    lower(normalize(btrim(attributes.value #>> '{}'), nfkc))
from observations
inner join identities on observations.place = identities.place
inner join history.attributes as attributes on identities.lead_id = attributes.lead_id
inner join
    unnest(%(features)s::integer[], %(attributes)s::text[]) as wanted (feature, attribute)
    on attributes.attribute = wanted.attribute
where
    attributes.known_at <= observations.at
    and jsonb_typeof(attributes.value) in ('string', 'number', 'boolean')
    and btrim(attributes.value #>> '{}') <> ''
order by observations.place asc, wanted.feature asc, attributes.known_at desc, attributes.lead_id asc;

-- name: fill_imported_scores
-- The newest score as of the observation or before, as log odds.
insert into profile_values (place, feature, value)
select distinct on (observations.place, wanted.feature)
    observations.place,
    wanted.feature,
    round(ln(held.ml_score / (1 - held.ml_score))::numeric, 9)::text as value
from observations
inner join training.imported_scores as scores on observations.lead_id = scores.lead_id
inner join
    unnest(%(features)s::integer[], %(imports)s::integer[]) as wanted (feature, import_id)
    on scores.import_id = wanted.import_id
cross join lateral (select least(greatest(scores.ml_score, 0.000001), 0.999999) as ml_score) as held
where scores.at <= observations.at
order by observations.place asc, wanted.feature asc, scores.at desc;

-- name: list_words
-- The values of each category, the most frequent first.
select
    feature,
    value
from (
    select
        feature,
        value,
        row_number() over (partition by feature order by count(*) desc, value asc) as rank
    from profile_values
    where feature = any(%(features)s::integer[])
    group by feature, value
) as ranked
where rank <= %(max_words)s
order by feature, rank;

-- name: read_numbers
select string_agg(int4send(place) || int4send(feature) || float4send(value::double precision::real), '')
from profile_values
where feature = any(%(features)s::integer[]) and value ~ '^[+-]?[0-9]{1,30}([.][0-9]{1,30})?$'
group by place / 10000;

-- name: read_categories
-- A value that is not among the words counts as rare: 0.
select
    string_agg(
        int4send(profile_values.place) || int4send(profile_values.feature)
        || float4send(coalesce(words.code, 0)::real),
        ''
    )
from profile_values
left join
    unnest(%(word_features)s::integer[], %(words)s::text[], %(codes)s::integer[]) as words (feature, value, code)
    on profile_values.feature = words.feature and profile_values.value = words.value
where profile_values.feature = any(%(features)s::integer[])
group by profile_values.place / 10000;
