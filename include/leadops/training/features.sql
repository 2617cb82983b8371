-- name: clear_features
truncate identities, unlinked_visitors, events_seen, profile_values;

-- name: analyze_observations
analyze observations;

-- name: fill_identities
-- Another lead of the person counts from the evidence that merged it with the observed lead. In a longer chain it
-- counts from the last evidence that touches it, which is never too early.
insert into identities (place, lead_id, known_from, at, known_at, history_until)
select
    place,
    own_lead_id as lead_id,
    '-infinity' as known_from,
    at,
    known_at,
    history_until
from observations
union all
select
    observations.place,
    others.lead_id,
    joined.known_from,
    observations.at,
    observations.known_at,
    observations.history_until
from observations
inner join identity.people as people on observations.own_lead_id = people.lead_id
inner join identity.people as others
    on people.person_id = others.person_id and observations.own_lead_id <> others.lead_id
cross join
    lateral (
        select
            coalesce(
                min(events.received_at) filter (
                    where
                    evidence.older_lead_id = observations.own_lead_id
                    or evidence.younger_lead_id = observations.own_lead_id
                ),
                max(events.received_at)
            ) as known_from
        from identity.lead_merges as evidence
        inner join cdp.events as events on evidence.event_seq = events.seq
        where
            evidence.undone_at is null
            and (evidence.older_lead_id = others.lead_id or evidence.younger_lead_id = others.lead_id)
    ) as joined
where joined.known_from <= coalesce(observations.history_until, observations.known_at);

-- name: analyze_identities
analyze identities;

-- name: fill_unlinked_visitors
insert into unlinked_visitors (place, kind, value)
select
    identities.place,
    aliases.kind,
    aliases.value
from identities
inner join identity.aliases as aliases on identities.lead_id = aliases.lead_id
inner join cdp.events as events on aliases.event_seq = events.seq
where
    aliases.kind in ('anonymous_id', 'user_id')
    and events.received_at > coalesce(identities.history_until, identities.known_at);

-- name: analyze_unlinked_visitors
analyze unlinked_visitors;

-- name: read_observations
select
    string_agg(
        int4send(place) || int8send(lead_id) || int4send(cycle)
        || float8send(extract(epoch from at)::double precision) || int4send(is_reached::integer),
        ''
    )
from observations
group by place / 10000;

-- name: fill_events_seen
-- An event without an email belongs to the lead from when its identifier was linked, however early the event itself
-- arrived: nobody knew before whose event it was.
insert into events_seen (place, name, age, event_seq)
select
    identities.place,
    coalesce(names.number, 0) as name,
    date_part('epoch', identities.at - events.ts) / 86400 as age,
    events.seq
from identities
inner join identity.resolved_events as resolved on identities.lead_id = resolved.lead_id
inner join cdp.events as events on resolved.event_seq = events.seq
left join unnest(%(names)s::text[]) with ordinality as names (event, number) on events.event = names.event
where
    events.ts <= identities.at
    and (%(every)s or names.number is not null)
    and (
        events.received_at <= identities.known_at
        or (events.is_history and events.received_at < identities.history_until)
    )
    and not exists (
        select from machines.uncounted_acts as uncounted
        where uncounted.lead_id = resolved.lead_id and uncounted.event_seq = resolved.event_seq
    )
    and not exists (
        select from unlinked_visitors
        where
            unlinked_visitors.place = identities.place
            and events.email is null
            and (
                (unlinked_visitors.kind = 'anonymous_id' and unlinked_visitors.value = events.anonymous_id)
                or (unlinked_visitors.kind = 'user_id' and unlinked_visitors.value = events.user_id)
            )
    );

-- name: read_events_seen
select string_agg(int4send(place) || int4send(name) || float4send(age), '')
from events_seen
group by place / 10000;

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
