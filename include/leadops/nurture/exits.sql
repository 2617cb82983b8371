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
-- the last word of the mail servers is that mails come back. A soft bounce is a full mailbox, and no exit.
with members as (
    select *
    from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
),

persons as (
    select distinct person_id from members
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
        and events.ts <= coalesce(%(at)s::timestamptz, 'infinity')
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
        activities.occurred_at <= coalesce(%(at)s::timestamptz, 'infinity')
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
            and ending.occurred_at <= coalesce(%(at)s::timestamptz, 'infinity')
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
                        and facts.occurred_at <= coalesce(%(at)s::timestamptz, 'infinity')
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
                and story.occurred_at <= coalesce(%(at)s::timestamptz, 'infinity')
            group by story.cycle
        ) as cycles
    ) as sales
    on true
left join contacts on persons.person_id = contacts.person_id
left join mails on persons.person_id = mails.person_id;
