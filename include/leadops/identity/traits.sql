-- name: list_sent_values
-- Every value of a trait that the chunk sends, once.
select distinct
    wanted.trait,
    events.payload -> 'properties' -> wanted.property as value
from chunk
inner join cdp.events as events on chunk.event_seq = events.seq
inner join
    unnest(%(traits)s::text[], %(properties)s::text[]) as wanted (trait, property)
    on events.payload -> 'properties' ? wanted.property
where chunk.tells_traits and chunk.lead_id is not null;

-- name: learn_traits
-- The newest value of each trait stays, by (ts, event_id), so that the order of arrival does not matter. What says
-- nothing is not among `read_values`, so that it replaces nothing. What was said live stays live when history says the
-- same.
with read_values as (
    select * from
        unnest(%(sent_traits)s::text[], %(sent)s::jsonb[], %(stored)s::jsonb[], %(comparable)s::jsonb[])
            as read_values (trait, sent, value, comparable)
),

facts as (
    select
        chunk.lead_id,
        wanted.trait,
        wanted.place,
        events.payload -> 'properties' -> wanted.property as value,
        events.ts,
        events.event_id,
        events.is_history
    from chunk
    inner join cdp.events as events on chunk.event_seq = events.seq
    cross join unnest(%(traits)s::text[], %(properties)s::text[]) with ordinality as wanted (trait, property, place)
    where chunk.tells_traits and chunk.lead_id is not null
)

insert into identity.traits (lead_id, trait, value, comparable, ts, event_id, is_history)
select distinct on (facts.lead_id, facts.trait)
    facts.lead_id,
    facts.trait,
    read_values.value,
    nullif(read_values.comparable, read_values.value),
    facts.ts,
    facts.event_id,
    facts.is_history
from facts
inner join read_values on facts.trait = read_values.trait and facts.value = read_values.sent
order by facts.lead_id asc, facts.trait asc, facts.ts desc, facts.event_id collate "C" desc, facts.place asc
on conflict (lead_id, trait) do update
    set
        value = excluded.value,
        comparable = excluded.comparable,
        ts = excluded.ts,
        event_id = excluded.event_id,
        is_history = excluded.is_history and (traits.is_history or traits.value <> excluded.value)
    where (excluded.ts, excluded.event_id collate "C") > (traits.ts, traits.event_id collate "C");

-- name: list_websites
-- The leads of the chunk whose company's website may have changed, or been taken back.
select distinct
    leads.lead_id,
    traits.value #>> '{}' as website
from chunk
inner join identity.leads as leads on chunk.lead_id = leads.lead_id
left join identity.traits as traits on chunk.lead_id = traits.lead_id and traits.trait = 'website'
where chunk.tells_traits and (traits.lead_id is not null or leads.account_id is not null);

-- name: assign_accounts
-- Ties leads to the company of their domain; no domain, no company. Two leads of one company stay two.
with given as (
    select
        lead_id,
        domain
    from unnest(%(lead_ids)s::bigint[], %(domains)s::text[]) as given (lead_id, domain)
),

inserted as (
    insert into identity.accounts (domain, created_at)
    select distinct
        given.domain,
        %(now)s::timestamptz
    from given
    left join identity.accounts as known on given.domain = known.domain
    where given.domain is not null and known.account_id is null
    order by given.domain
    returning account_id, domain
),

companies as (
    select
        given.lead_id,
        coalesce(known.account_id, inserted.account_id) as account_id
    from given
    left join identity.accounts as known on given.domain = known.domain
    left join inserted on given.domain = inserted.domain
)

update identity.leads
set account_id = companies.account_id
from companies
where leads.lead_id = companies.lead_id and leads.account_id is distinct from companies.account_id;
