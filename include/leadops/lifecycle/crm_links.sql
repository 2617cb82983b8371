-- name: list_requests
-- One lead for each MQL, unless a form has already requested it.
select
    leads.lead_id,
    mql.cycle,
    leads.email,
    coalesce(company.value #>> '{}', split_part(leads.email, '@', 2)) as company,
    coalesce(mql.campaign, 'leadops') as source,
    delivery.make_nonce() || '-crm-lead-' || mql.lead_id || '-' || mql.cycle as idempotency_key,
    mql.lane
from
    unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[], %(campaigns)s::text[], %(lanes)s::smallint[]) as mql (
        lead_id, cycle, campaign, lane
    )
inner join identity.leads as leads on mql.lead_id = leads.lead_id
left join identity.person_traits as company on mql.lead_id = company.lead_id and company.trait = 'company'
where
    leads.email is not null
    -- Counted, it is a look-up for each MQL; as an anti-join it would read all leads of the CRM.
    and (select count(*) from lifecycle.leads_in_crm as present where present.lead_id = mql.lead_id) = 0;

-- name: await_mqls
insert into lifecycle.unlinked (lead_id, cycle)
select *
from unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[])
on conflict (lead_id, cycle) do nothing;

-- name: await_merged
insert into lifecycle.unlinked (lead_id, cycle)
select
    lead_id,
    max(cycle)
from lifecycle.current_transitions
where stage = 'mql' and lead_id = any(%(lead_ids)s::bigint[])
group by lead_id
on conflict (lead_id, cycle) do nothing;

-- name: list_members
select lead_id from identity.find_members(%(leads)s::bigint[]);

-- name: list_withdrawn
-- All leads of the persons who have no MQL left since their last cycle ended, whoever they are.
with persons as (
    select distinct on (person_id)
        coalesce(people.person_id, gone.lead_id) as person_id,
        gone.because
    from unnest(%(leads)s::bigint[], %(because)s::text[]) as gone (lead_id, because)
    left join identity.people as people on gone.lead_id = people.lead_id
    order by person_id, gone.because
),

stories as (
    select
        persons.person_id,
        persons.because,
        (
            select max(ending.occurred_at)
            from lifecycle.person_transitions as ending
            where ending.lead_id = persons.person_id and ending.stage in ('won', 'lost')
        ) as since
    from persons
)

select
    stories.person_id,
    members.lead_id,
    stories.because,
    stories.since
from stories
inner join identity.find_members(%(leads)s::bigint[]) as members on stories.person_id = members.person_id
where
    not exists (
        select from lifecycle.person_transitions as mql
        where
            mql.lead_id = stories.person_id
            and mql.stage = 'mql'
            and mql.occurred_at > coalesce(stories.since, '-infinity')
    )
order by stories.person_id, members.lead_id;

-- name: list_idle_internal
-- Our own people's leads that were requested in the CRM, of people on whom sales did not work since their last cycle
-- ended.
with asked as (
    select distinct coalesce(people.person_id, listed.lead_id) as person_id
    from unnest(%(leads)s::bigint[]) as listed (lead_id)
    inner join identity.uncounted_leads as uncounted
        on listed.lead_id = uncounted.lead_id and uncounted.reason = 'internal'
    inner join delivery.outbox as requests
        on listed.lead_id = requests.lead_id and requests.target = 'crm' and requests.operation = 'create_lead'
    left join identity.people as people on listed.lead_id = people.lead_id
    where requests.state <> 'dropped'
),

members as (
    select
        person_id,
        lead_id
    from identity.find_members(array(select asked.person_id from asked))
),

worked as (
    select members.person_id
    from members
    cross join
        lateral (
            select known.external_id as crm_lead_id
            from delivery.external_ids as known
            where known.target = 'crm' and known.lead_id = members.lead_id
            union
            select links.crm_lead_id
            from lifecycle.links as links
            where links.lead_id = members.lead_id
        ) as named
    inner join crm.activities as activities on named.crm_lead_id = activities.crm_lead_id
    where
        activities.occurred_at > coalesce(
            (
                select max(ending.occurred_at)
                from lifecycle.person_transitions as ending
                where ending.lead_id = members.person_id and ending.stage in ('won', 'lost')
            ), '-infinity'
        )
)

select person_id
from asked
where person_id not in (select worked.person_id from worked)
order by person_id;

-- name: list_counted_again
-- People who count again, and filled in a form before, in the cycle that is theirs now.
with freed as (
    select distinct
        coalesce(people.person_id, listed.lead_id) as person_id,
        again.at
    from unnest(%(leads)s::bigint[]) as listed (lead_id)
    inner join identity.counted_again as again on listed.lead_id = again.lead_id
    left join identity.people as people on listed.lead_id = people.lead_id
    where not exists (select from identity.uncounted_leads as uncounted where uncounted.lead_id = listed.lead_id)
),

stories as (
    select
        freed.person_id,
        max(freed.at) as freed_at,
        case when latest.cycle is null or latest.ended_at is not null then 1 else 0 end
        + coalesce(latest.cycle, 0) as cycle,
        coalesce(
            (
                select max(ending.occurred_at)
                from lifecycle.current_transitions as ending
                where ending.lead_id = freed.person_id and ending.stage in ('won', 'lost')
            ), '-infinity'
        ) as since
    from freed
    left join lateral lifecycle.find_latest_cycle(freed.person_id) as latest on true
    group by freed.person_id, latest.cycle, latest.ended_at
)

select distinct on (stories.person_id)
    stories.person_id as lead_id,
    stories.cycle,
    nullif(forms.payload #>> '{context,utm,campaign}', '') as campaign,
    %(lane)s::smallint as lane
from stories
inner join identity.person_events as done on stories.person_id = done.lead_id
inner join cdp.events as forms on done.event_seq = forms.seq
where forms.proof = 'form' and forms.ts > stories.since and forms.received_at <= stories.freed_at
order by stories.person_id asc, forms.ts desc, forms.seq desc;

-- name: forget_awaited
-- Nothing is left that would give these leads an id there.
delete from lifecycle.unlinked
where
    lead_id = any(%(leads)s::bigint[])
    and not exists (
        select from delivery.outbox as creating
        where
            creating.target = 'crm'
            and creating.operation = 'create_lead'
            and creating.lead_id = unlinked.lead_id
            and creating.state in ('pending', 'sending', 'dead')
    );

-- name: link_awaited
-- Links the CRM's ids of all leads of a person. A later cycle may get another CRM id: a cycle is awaited until the
-- creation of each is settled.
with awaited as (
    select
        unlinked.lead_id,
        unlinked.cycle,
        unlinked.lead_id as member_id
    from lifecycle.unlinked as unlinked
    union
    select
        unlinked.lead_id,
        unlinked.cycle,
        others.lead_id as member_id
    from lifecycle.unlinked as unlinked
    inner join identity.people as own on unlinked.lead_id = own.lead_id
    inner join identity.people as others on own.person_id = others.person_id
),

found as (
    select
        awaited.lead_id,
        awaited.cycle,
        awaited.member_id,
        external_ids.external_id,
        exists(
            select 1 from delivery.outbox as creating
            where
                creating.target = 'crm'
                and creating.operation = 'create_lead'
                and creating.lead_id = awaited.member_id
                and creating.state in ('pending', 'sending')
        ) as is_open,
        coalesce(outbox.state = 'dropped', false) as is_dropped
    from awaited
    left join delivery.external_ids as external_ids
        on external_ids.target = 'crm' and awaited.member_id = external_ids.lead_id
    left join delivery.outbox as outbox
        on outbox.idempotency_key = 'crm-lead-' || awaited.lead_id || '-' || awaited.cycle
),

linked as (
    insert into lifecycle.links (crm_lead_id, lead_id, linked_at)
    select
        external_id,
        min(member_id),
        %(now)s::timestamptz
    from found
    where external_id is not null
    group by external_id
    on conflict (crm_lead_id) do nothing
    returning lead_id
),

settled as (
    delete from lifecycle.unlinked
    using (
        select
            lead_id,
            cycle,
            (bool_or(external_id is not null) and not bool_or(is_open)) or bool_or(is_dropped) as is_settled
        from found
        group by lead_id, cycle
    ) as all_of
    where unlinked.lead_id = all_of.lead_id and unlinked.cycle = all_of.cycle and all_of.is_settled
    returning unlinked.lead_id
),

touched as (
    select lead_id from linked
    union
    select lead_id from settled
)

select distinct coalesce(people.person_id, touched.lead_id) as lead_id
from touched
left join identity.people as people on touched.lead_id = people.lead_id;

-- name: find_linked
-- Where the CRM has just answered, the link may not exist yet.
select
    asked.crm_lead_id,
    coalesce(links.lead_id, known.lead_id) as lead_id
from unnest(%(crm_ids)s::text[]) as asked (crm_lead_id)
left join lifecycle.links as links on asked.crm_lead_id = links.crm_lead_id
left join lateral (
    select min(external_ids.lead_id) as lead_id
    from delivery.external_ids as external_ids
    where external_ids.target = 'crm' and external_ids.external_id = asked.crm_lead_id
) as known on true
where coalesce(links.lead_id, known.lead_id) is not null;

-- name: link_leads
-- Activities that came before their lead was known are read again.
with linked as (
    insert into lifecycle.links (crm_lead_id, lead_id, linked_at)
    select
        known.crm_lead_id,
        min(known.lead_id),
        %(now)s::timestamptz
    from unnest(%(lead_ids)s::bigint[], %(crm_ids)s::text[]) as known (lead_id, crm_lead_id)
    group by known.crm_lead_id
    on conflict (crm_lead_id) do nothing
    returning crm_lead_id
)

insert into lifecycle.inbox (activity_id)
select activities.activity_id
from linked
inner join crm.activities as activities on linked.crm_lead_id = activities.crm_lead_id;

-- name: rename_links
-- As the mirror's ids are renamed (crm/set_aside.sql), so that activities and leads stay together.
update lifecycle.links
set
    crm_lead_id
    = %(prefix)s::text || case when char_length(crm_lead_id) > 180 then md5(crm_lead_id) else crm_lead_id end
where crm_lead_id not like 'former-%%';
