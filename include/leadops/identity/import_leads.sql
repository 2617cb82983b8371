-- name: find_owners
select
    asked.kind,
    asked.value,
    aliases.lead_id
from unnest(%(kinds)s::text[], %(identifiers)s::text[]) as asked (kind, value)
inner join identity.aliases as aliases on asked.kind = aliases.kind and asked.value = aliases.value;

-- name: take_lead_ids
select nextval(pg_get_serial_sequence('identity.leads', 'lead_id'))
from generate_series(1, %(count)s::integer);

-- name: insert_leads
-- A lead that a visitor's event makes at the same moment is left out; then all is looked up again.
insert into identity.leads (lead_id, email, created_at, campaign, source) overriding system value
select
    given.lead_id,
    given.email,
    given.created_at,
    given.campaign,
    given.source
from
    unnest(
        %(lead_ids)s::bigint[],
        %(emails)s::text[],
        %(created)s::timestamptz[],
        %(campaigns)s::text[],
        %(sources)s::text[]
    ) as given (lead_id, email, created_at, campaign, source)
where given.lead_id = any(%(new_ids)s::bigint[])
order by given.lead_id
on conflict (email) do nothing;

-- name: prove_leads
-- Leads that were only claimed: the import makes them leads as if they were new, and takes the points of claims back.
with proven as (
    update identity.leads
    set only_claimed = false, created_at = %(now)s, first_event_seq = null
    where lead_id = any(%(lead_ids)s::bigint[]) and only_claimed
    returning lead_id
),

domains as (
    update identity.traits
    set ts = 'infinity', event_id = 'import'
    from proven
    where traits.lead_id = proven.lead_id and traits.trait = 'email_domain'
),

aliases as (
    update identity.aliases
    set event_seq = null, linked_at = %(now)s
    from proven
    where aliases.kind = 'email' and aliases.lead_id = proven.lead_id
)

insert into scoring.inbox (lead_id, lane)
select
    lead_id,
    %(lane)s
from proven;

-- name: update_first_contacts
-- An earlier first contact counts, with its campaign and source. Of two at once one is taken, always the same.
-- The place in the C order is the one that Python sorts by.
with changed as (
    update identity.leads
    set created_at = given.created_at, campaign = given.campaign, source = given.source
    from
        unnest(
            %(lead_ids)s::bigint[], %(created)s::timestamptz[], %(campaigns)s::text[], %(sources)s::text[]
        ) as given (lead_id, created_at, campaign, source)
    where
        leads.lead_id = given.lead_id
        and (
            given.created_at, given.source is null, coalesce(given.source, '') collate "C",
            given.campaign is null, coalesce(given.campaign, '') collate "C"
        ) < (
            leads.created_at, leads.source is null, coalesce(leads.source, '') collate "C",
            leads.campaign is null, coalesce(leads.campaign, '') collate "C"
        )
        and (given.created_at < leads.created_at or leads.first_event_seq is null)
    returning leads.lead_id
)

select lead_id from changed;

-- name: date_email_domains
-- A lead's address is known since the earliest proof of it; the first contact of an import is one.
update identity.traits
set ts = given.created_at, event_id = 'import', is_history = true
from unnest(%(lead_ids)s::bigint[], %(created)s::timestamptz[]) as given (lead_id, created_at)
where
    traits.lead_id = given.lead_id
    and traits.trait = 'email_domain'
    and (given.created_at, 'import' collate "C") < (traits.ts, traits.event_id collate "C");

-- name: link_identifiers
-- Ties the new identifiers. A lead without an address until now gets the first one, and is returned to be announced.
with linked as (
    insert into identity.aliases (kind, value, lead_id, linked_at)
    select
        given.kind,
        given.value,
        given.lead_id,
        %(now)s::timestamptz
    from
        unnest(%(kinds)s::text[], %(identifiers)s::text[], %(owners)s::bigint[]) as given (kind, value, lead_id)
    on conflict (kind, value) do nothing
    returning kind, value, lead_id
),

first_emails as (
    select
        first.lead_id,
        first.email
    from unnest(%(lead_ids)s::bigint[], %(emails)s::text[]) as first (lead_id, email)
    inner join linked on linked.kind = 'email' and first.email = linked.value and first.lead_id = linked.lead_id
    inner join identity.leads as leads on first.lead_id = leads.lead_id
    where coalesce(leads.email, first.email) = first.email
),

addressed as (
    update identity.leads
    set email = first_emails.email
    from first_emails
    where leads.lead_id = first_emails.lead_id and leads.email is null
)

select lead_id from first_emails;

-- name: enqueue_scoring
-- Leads whose address is new: rules over addresses hold for them too.
insert into scoring.inbox (lead_id, lane)
select
    lead_id,
    %(lane)s
from unnest(%(lead_ids)s::bigint[]) as addressed (lead_id)
order by lead_id;

-- name: rename_crm_ids
update identity.aliases
set value = %(prefix)s::text || case when char_length(value) > 180 then md5(value) else value end
where kind = 'crm_id' and value not like 'former-%%';
