-- name: list_members
with persons as (
    select distinct coalesce(people.person_id, asked.lead_id) as person_id
    from unnest(%(lead_ids)s::bigint[]) as asked (lead_id)
    left join identity.people as people on asked.lead_id = people.lead_id
)

select
    persons.person_id,
    persons.person_id as lead_id
from persons
union
select
    persons.person_id,
    people.lead_id
from persons
inner join identity.people as people on persons.person_id = people.person_id
order by person_id, lead_id;

-- name: read_whereabouts
-- Each word comes from the newest event that says it, whichever lead of the person it is of.
with members as (
    select *
    from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
),

said as (
    select
        members.person_id,
        newest.event_seq,
        left(btrim(events.payload #>> '{context,timezone}'), 60) as timezone,
        left(
            coalesce(
                nullif(btrim(events.payload #>> '{context,locale}'), ''), btrim(events.payload #>> '{context,language}')
            ),
            35
        ) as locale
    from members
    cross join
        lateral (
            select resolved.event_seq
            from identity.resolved_events as resolved
            where resolved.lead_id = members.lead_id
            order by resolved.event_seq desc
            limit %(max_events)s
        ) as newest
    inner join cdp.events as events on newest.event_seq = events.seq
    where events.payload -> 'context' ?| array['timezone', 'locale', 'language']
),

words as (
    select
        person_id,
        (array_agg(timezone order by event_seq desc) filter (where timezone <> ''))[1] as timezone,
        (array_agg(locale order by event_seq desc) filter (where locale <> ''))[1] as locale
    from said
    group by person_id
),

countries as (
    select distinct on (members.person_id)
        members.person_id,
        coalesce(traits.comparable, traits.value) #>> '{}' as country
    from members
    inner join identity.traits as traits on members.lead_id = traits.lead_id and traits.trait = 'country'
    order by members.person_id asc, traits.ts desc, traits.event_id collate "C" desc
)

select
    coalesce(words.person_id, countries.person_id) as person_id,
    words.timezone,
    words.locale,
    countries.country
from words
full join countries on words.person_id = countries.person_id;
