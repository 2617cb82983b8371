-- name: list_decided
select
    membership_id,
    step,
    state,
    tries
from nurture.sends
where membership_id = any(%(membership_ids)s::bigint[]);

-- name: list_got
-- What the leads of these people got, by any membership of these programmes.
select
    members.person_id,
    sends.membership_id,
    memberships.programme,
    sends.step,
    memberships.entered_at,
    sends.decided_at
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join nurture.sends as sends on members.lead_id = sends.lead_id and sends.state = 'queued'
inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id
where memberships.programme = any(%(programmes)s::text[]);

-- name: list_sent
-- What the leads of these people got lately, by any programme.
select
    members.person_id,
    sends.membership_id,
    memberships.programme,
    sends.step,
    memberships.entered_at,
    sends.decided_at
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join nurture.sends as sends
    on members.lead_id = sends.lead_id and sends.state = 'queued' and sends.decided_at > %(since)s
inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id;

-- name: list_depths
-- The last depth of each step that any act since the entry fits. Acts of machines do not count.
with rules as materialized (
    select listed.*
    from
        jsonb_to_recordset(%(rules)s) as listed (
            programme text, version integer, step text, place integer, event text, condition jsonpath
        )
),

members as (
    select *
    from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
),

asked as (
    select *
    from
        unnest(
            %(membership_ids)s::bigint[],
            %(asked_ids)s::bigint[],
            %(programmes)s::text[],
            %(versions)s::integer[],
            %(entered)s::timestamptz[],
            %(moments)s::timestamptz[]
        ) as asked (membership_id, person_id, programme, version, entered_at, at)
),

acts as (
    select
        asked.membership_id,
        asked.programme,
        asked.version,
        events.event,
        events.payload
    from asked
    inner join members on asked.person_id = members.person_id
    inner join identity.resolved_events as resolved on members.lead_id = resolved.lead_id
    inner join cdp.events as events on resolved.event_seq = events.seq
    where
        events.ts >= asked.entered_at
        and events.ts <= asked.at
        and not events.is_history
        and not exists (
            select from machines.uncounted_acts as uncounted
            where uncounted.lead_id = resolved.lead_id and uncounted.event_seq = resolved.event_seq
        )
)

select
    acts.membership_id,
    rules.step,
    max(rules.place) as place
from acts
inner join rules
    on
        acts.programme = rules.programme
        and acts.version = rules.version
        and acts.event = rules.event
        and case when rules.condition is null then true else acts.payload @@ rules.condition end
group by acts.membership_id, rules.step;

-- name: list_members
select
    person_id,
    lead_id
from identity.find_members(%(lead_ids)s::bigint[])
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

-- name: note_sales_words
insert into nurture.sales_words (kinds, statuses, contacted_within)
values (%(kinds)s, %(statuses)s, %(contacted_within)s)
on conflict (is_only) do update
    set kinds = excluded.kinds, statuses = excluded.statuses, contacted_within = excluded.contacted_within
    where
    (sales_words.kinds, sales_words.statuses, sales_words.contacted_within)
    is distinct from (excluded.kinds, excluded.statuses, excluded.contacted_within);

-- name: read_facts
-- Of each person: until when sales had them (a cycle that is open never ends), how their last deal ended, and whether
-- the last word of the mail servers is that mails come back. A soft bounce is a full mailbox, and no exit. Each person
-- is asked about as of a moment of their own.
with members as (
    select *
    from
        unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[], %(moments)s::timestamptz[])
            as members (person_id, lead_id, at)
),

persons as (
    select distinct
        person_id,
        at
    from members
),

mails as (
    select
        members.person_id,
        (array_agg(events.event order by events.ts desc, events.event asc))[1] = 'mail_bounced' as is_bounced
    from members
    inner join identity.resolved_events as resolved on members.lead_id = resolved.lead_id
    inner join cdp.events as events on resolved.event_seq = events.seq
    where
        events.event in ('mail_bounced', 'mail_delivered')
        and events.ts <= members.at
        and not (
            events.event = 'mail_bounced'
            and lower(
                coalesce(events.payload #>> '{properties,type}', events.payload #>> '{properties,bounce_type}', '')
            ) in ('soft', 'transient', 'temporary')
        )
    group by members.person_id
),

-- Sales also calls leads that never became MQL.
contacts as (
    select
        members.person_id,
        max(activities.occurred_at) as contacted_at,
        max(words.contacted_within) as contacted_within
    from members
    cross join nurture.sales_words as words
    inner join delivery.external_ids as known on members.lead_id = known.lead_id and known.target = 'crm'
    inner join crm.activities as activities on known.external_id = activities.crm_lead_id
    where
        activities.occurred_at <= members.at
        and (
            activities.kind_key = any(words.kinds)
            or (activities.kind_key = 'status' and activities.status_key = any(words.statuses))
        )
    group by members.person_id
)

select
    persons.person_id,
    coalesce(leads.erased_at is not null, true) as is_erased,
    exists(
        select from identity.uncounted_leads as uncounted
        where uncounted.lead_id = persons.person_id
    ) as is_internal,
    coalesce((
        select ending.stage = 'won'
        from lifecycle.current_transitions as ending
        where
            ending.lead_id = persons.person_id
            and ending.stage in ('won', 'lost')
            and ending.occurred_at <= persons.at
        order by ending.occurred_at desc, ending.cycle desc, ending.stage desc
        limit 1
    ), false) as is_customer,
    coalesce(mails.is_bounced, false) as is_bounced,
    sales.sal_until,
    greatest(sales.contacted_until, contacts.contacted_at + contacts.contacted_within) as contacted_until
from persons
left join identity.leads as leads on persons.person_id = leads.lead_id
left join
    lateral (
        select
            max(cycles.ended_at) filter (where cycles.is_sal) as sal_until,
            max(cycles.ended_at) filter (
                where exists (
                    select from lifecycle.facts as facts
                    where
                        facts.lead_id = persons.person_id
                        and facts.cycle = cycles.cycle
                        and facts.fact = 'contact'
                        and facts.occurred_at <= persons.at
                )
            ) as contacted_until
        from (
            select
                story.cycle,
                bool_or(story.stage in ('sal', 'sql', 'won')) as is_sal,
                coalesce(
                    min(story.occurred_at) filter (where story.stage in ('won', 'lost')),
                    lead(min(story.occurred_at)) over (order by story.cycle),
                    '9999-01-01 00:00+00'
                ) as ended_at
            from lifecycle.current_transitions as story
            where
                story.lead_id = persons.person_id
                and story.occurred_at <= persons.at
            group by story.cycle
        ) as cycles
    ) as sales
    on true
left join contacts on persons.person_id = contacts.person_id
left join mails on persons.person_id = mails.person_id;
