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
