-- name: take_leads
-- The head of the inbox, live before backfill. A lead of the CRM that nobody knows is noted again once it is known.
with head as (
    delete from consent.inbox
    where
        seq in (
            select waiting.seq
            from consent.inbox as waiting
            order by waiting.lane, waiting.seq
            limit %(chunk_size)s
        )
    returning lead_id, crm_lead_id, lane
),

named as (
    select
        lead_id,
        lane
    from head
    where lead_id is not null
    union all
    select
        links.lead_id,
        head.lane
    from head
    inner join lifecycle.links as links on head.crm_lead_id = links.crm_lead_id
    union all
    select
        known.lead_id,
        head.lane
    from head
    inner join delivery.external_ids as known
        on known.target = 'crm' and head.crm_lead_id in (known.external_id, known.merged_into)
)

select
    (select count(*) from head) as taken,
    coalesce(array_agg(listed.person_id), '{}') as person_ids,
    coalesce(array_agg(listed.lane), '{}') as lanes
from (
    select
        coalesce(people.person_id, named.lead_id) as person_id,
        min(named.lane) as lane
    from named
    left join identity.people as people on named.lead_id = people.lead_id
    group by coalesce(people.person_id, named.lead_id)
) as listed;

-- name: list_records
-- Of people who said something: each record by which another system knows one of their leads, and what it heard itself.
-- An unsubscription that waits for evidence against it is not passed on yet: scoring notes its lead again.
with members as (
    select
        person_id,
        lead_id
    from identity.find_members(%(person_ids)s::bigint[])
),

said as materialized (
    select
        members.person_id,
        every.*
    from consent.find_said(array(select every.lead_id from members as every)) as every
    inner join members on every.lead_id = members.lead_id
    where
        not exists (
            select from machines.waiting_acts as waiting
            where every.source in ('ma', 'event') and every.reference = waiting.event_seq::text
        )
),

newest as (
    select distinct on (person_id)
        person_id,
        word,
        said_at,
        source
    from said
    where word <> 'declined'
    order by person_id asc, said_at desc, word = 'opt_in' asc, source asc
)

select
    newest.person_id,
    newest.word,
    newest.said_at,
    newest.source,
    known.target,
    known.lead_id,
    coalesce(known.merged_into, known.external_id) as external_id,
    records.external_id as former_id,
    records.since,
    records.passed,
    records.said_at as passed_said_at,
    coalesce(records.passes, 0) as passes,
    heard.word as heard,
    heard.said_at as heard_said_at,
    heard.heard_at
from newest
inner join members on newest.person_id = members.person_id
inner join delivery.external_ids as known
    on members.lead_id = known.lead_id and known.target in ('ma', 'crm') and known.state not in ('gone', 'recreating')
left join consent.records as records on known.target = records.target and known.lead_id = records.lead_id
left join lateral (
    select
        own.word,
        own.said_at,
        own.heard_at
    from said as own
    where
        own.lead_id = known.lead_id
        and own.source = known.target
        and (known.target <> 'crm' or own.reference in (known.external_id, known.merged_into))
    order by own.said_at desc, own.word = 'opt_in' asc
    limit 1
) as heard on true
where
    not exists (
        select from identity.leads as gone
        where gone.lead_id = known.lead_id and gone.erased_at is not null
    )
order by newest.person_id, known.target, external_id, known.lead_id;

-- name: save_record
insert into consent.records as kept (target, lead_id, external_id, since, passed, said_at, passes)
values (
    %(target)s, %(lead_id)s, %(external_id)s, %(since)s, %(passed)s, %(passed_said_at)s, %(passes)s
)
on conflict (target, lead_id) do update
    set
        external_id = excluded.external_id,
        since = excluded.since,
        passed = excluded.passed,
        said_at = excluded.said_at,
        passes = excluded.passes;

-- name: find_open
-- Of each record the last effect that is on its way there: it goes to the record that the lead has then.
select distinct on (effects.target, effects.lead_id)
    effects.target,
    effects.lead_id,
    effects.operation
from unnest(%(targets)s::text[], %(lead_ids)s::bigint[]) as listed (target, lead_id)
inner join delivery.outbox as effects on listed.target = effects.target and listed.lead_id = effects.lead_id
where effects.operation in ('opt_out_lead', 'opt_in_lead') and effects.state in ('pending', 'sending')
order by effects.target asc, effects.lead_id asc, effects.outbox_id desc;

-- name: forget_passed
-- What is not passed on is not known there. The records of leads that share it are of one mind.
with dropped as (
    select
        records.target,
        records.external_id
    from consent.records as records
    where records.target = %(target)s and records.lead_id = any(%(lead_ids)s::bigint[])
),

forgotten as (
    update consent.records
    set passed = null, said_at = null
    from dropped
    where records.target = dropped.target and records.external_id = dropped.external_id
)

insert into consent.inbox (lead_id)
select listed.lead_id
from unnest(%(lead_ids)s::bigint[]) as listed (lead_id);
