-- name: insert_leads
-- Every new email of the chunk becomes a lead, in the order of the events, and is only claimed unless an event proves
-- it. An email of which a form has made a lead meanwhile is left for assign_claimed.
with first_events as (
    select
        coalesce(email, claimed_email) as new_email,
        min(event_seq) as first_seq,
        min(event_seq) filter (where email is not null) as proven_seq,
        min(lane) as lane
    from chunk
    where
        lead_id is null
        and (email is not null or (claimed_email is not null and claimed_lead is null))
    group by coalesce(email, claimed_email)
),

inserted as (
    insert into identity.leads (email, created_at, first_event_seq, only_claimed)
    select
        new_email,
        %(now)s,
        coalesce(proven_seq, first_seq),
        proven_seq is null
    from first_events
    order by first_seq
    on conflict (email) do nothing
    returning lead_id, email, first_event_seq
),

aliases as (
    insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
    select
        'email',
        email,
        lead_id,
        first_event_seq,
        %(now)s
    from inserted
),

assigned as (
    update chunk
    set lead_id = inserted.lead_id
    from inserted
    where chunk.email = inserted.email and chunk.lead_id is null
)

select
    inserted.lead_id,
    first_events.lane
from inserted
inner join first_events on inserted.email = first_events.new_email;

-- name: assign_claimed
-- Emails that a form has claimed since the chunk was looked up: their events go to that lead.
update chunk
set lead_id = claimed.lead_id
from identity.aliases as claimed
where
    chunk.lead_id is null
    and chunk.email is not null
    and claimed.kind = 'email'
    and chunk.email = claimed.value;

-- name: prove_leads
-- Leads that were only claimed, and whose email came with proof: as if they were new.
with proven as (
    select
        leads.lead_id,
        min(taken.event_seq) as event_seq,
        min(taken.lane) as lane
    from taken
    inner join identity.leads as leads on taken.lead_id = leads.lead_id and leads.only_claimed
    where taken.email is not null
    group by leads.lead_id
),

aliases as (
    update identity.aliases
    set event_seq = proven.event_seq, linked_at = %(now)s
    from proven
    where aliases.kind = 'email' and aliases.lead_id = proven.lead_id
),

traits as (
    update identity.traits
    set ts = events.ts, event_id = events.event_id, is_history = events.is_history
    from proven
    inner join cdp.events as events on proven.event_seq = events.seq
    where traits.lead_id = proven.lead_id and traits.trait = 'email_domain'
)

update identity.leads
set only_claimed = false, created_at = %(now)s, first_event_seq = proven.event_seq
from proven
where leads.lead_id = proven.lead_id
returning leads.lead_id, proven.lane;

-- name: record_email_domains
insert into identity.traits (lead_id, trait, value, ts, event_id, is_history)
select
    leads.lead_id,
    'email_domain',
    to_jsonb(split_part(leads.email, '@', 2)),
    coalesce(events.ts, leads.created_at),
    coalesce(events.event_id, 'import'),
    coalesce(events.is_history, true)
from identity.leads as leads
left join cdp.events as events on leads.first_event_seq = events.seq
where leads.lead_id = any(%(lead_ids)s::bigint[])
on conflict (lead_id, trait) do nothing;

-- name: note_unannounced
insert into identity.unannounced_leads (lead_id)
select lead_id
from unnest(%(lead_ids)s::bigint[]) as younger (lead_id)
on conflict (lead_id) do nothing;

-- name: date_email_domains
-- A lead's address is known since the earliest proof of it, whatever the order in which events arrive.
update identity.traits
set ts = earliest.ts, event_id = earliest.event_id, is_history = earliest.is_history
from (
    select distinct on (proofs.lead_id)
        proofs.lead_id,
        proofs.ts,
        events.event_id,
        events.is_history
    from (
        select
            lead_id,
            event_seq,
            ts
        from taken
        where email is not null and lead_id is not null
        union all
        select
            chunk.lead_id,
            chunk.event_seq,
            taken.ts
        from chunk
        inner join taken on chunk.event_seq = taken.event_seq and taken.lead_id is null
        where chunk.email is not null and chunk.lead_id is not null
    ) as proofs
    inner join identity.traits as known
        on proofs.lead_id = known.lead_id and known.trait = 'email_domain' and proofs.ts <= known.ts
    inner join cdp.events as events on proofs.event_seq = events.seq
    order by proofs.lead_id asc, proofs.ts asc, events.event_id collate "C" asc
) as earliest
where
    traits.lead_id = earliest.lead_id
    and traits.trait = 'email_domain'
    and (earliest.ts, earliest.event_id collate "C") < (traits.ts, traits.event_id collate "C");

-- name: list_names
-- What the first events of the leads say under `names`, once.
select distinct said.value
from identity.leads as leads
inner join cdp.events as events on leads.first_event_seq = events.seq
cross join unnest(%(names)s::text[]) as asked (name)
cross join lateral identity.read_property(events.payload -> 'properties', array[asked.name], '{}') as said (value)
where leads.lead_id = any(%(lead_ids)s::bigint[]) and said.value is not null;

-- name: enqueue_ma_lead
-- The command that makes a lead known in the MA, with what its first event says; an imported lead has no event. What
-- only a claim says stays here: of such a lead the MA learns the email, and with the proof the rest.
insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
select
    'ma',
    'upsert_lead',
    leads.lead_id,
    jsonb_strip_nulls(
        jsonb_build_object(
            'email', leads.email,
            'firstName', identity.read_property(
                events.payload -> 'properties', %(first_name)s::text[], %(blanks)s::text[]
            ),
            'lastName', identity.read_property(
                events.payload -> 'properties', %(last_name)s::text[], %(blanks)s::text[]
            ),
            'utm', nullif(events.payload #> '{context,utm}', '{}'::jsonb),
            'externalId', leads.lead_id::text
        )
    ),
    'ma-lead-' || leads.lead_id || %(suffix)s::text,
    %(lane)s,
    %(now)s
from identity.leads as leads
left join cdp.events as events on leads.first_event_seq = events.seq and not leads.only_claimed
where
    leads.lead_id = any(%(lead_ids)s::bigint[])
    and leads.email is not null
    and not exists (
        select from identity.uncounted_leads as uncounted
        where uncounted.lead_id = leads.lead_id
    )
order by leads.lead_id
on conflict (idempotency_key) do nothing;

-- name: skip_numbers
-- One by one, as inserts take them: setting a sequence is a right of its owner.
select count(nextval(pg_get_serial_sequence('identity.leads', 'lead_id')::regclass))
from generate_series((select coalesce(max(leads.lead_id), 0) + 1 from identity.leads as leads), %(until)s::bigint);

-- name: hold_adopted
update chunk
set lead_id = null, anonymous_id = null
where
    chunk.claimed_email is not null
    and chunk.lead_id is not null
    and not chunk.is_filed
    and not exists (
        select from identity.aliases as own
        where own.kind = 'email' and own.value = chunk.claimed_email and own.lead_id = chunk.lead_id
    );

-- name: record_claims
insert into identity.claims (event_seq, lead_id, reason, received_at)
select
    chunk.event_seq,
    leads.lead_id,
    case
        when leads.lead_id is null then 'unproven_id'
        when leads.only_claimed then 'only_claimed'
        else 'proven_lead'
    end,
    events.received_at
from chunk
inner join cdp.events as events on chunk.event_seq = events.seq
left join identity.aliases as named on named.kind = 'email' and chunk.claimed_email = named.value
left join identity.leads as leads on named.lead_id = leads.lead_id
where chunk.is_claim and chunk.lead_id is null
order by chunk.event_seq
on conflict (event_seq) do nothing;

-- name: record_claimed_browsers
-- The first claim of a browser counts, so that nobody can have its events read for many leads; whatever becomes of that
-- lead, so that it does not matter how runs are cut.
insert into identity.claimed_browsers (anonymous_id, lead_id, event_seq)
select distinct on (chunk.anonymous_id)
    chunk.anonymous_id,
    claims.lead_id,
    chunk.event_seq
from chunk
inner join identity.claims as claims on chunk.event_seq = claims.event_seq
where chunk.is_claim and chunk.anonymous_id is not null and claims.lead_id is not null
order by chunk.anonymous_id asc, chunk.event_seq asc
on conflict (anonymous_id) do nothing;

-- name: delete_resolved
delete from identity.claims
using chunk
where claims.event_seq = chunk.event_seq and chunk.lead_id is not null;

-- name: enqueue_claimed
-- Leads that are only claimed, and whose events this chunk has shown or given to others.
insert into scoring.inbox (lead_id, lane)
select
    leads.lead_id,
    shown.lane
from (
    select
        claims.lead_id,
        chunk.lane
    from chunk
    inner join identity.claims as claims on chunk.event_seq = claims.event_seq
    union
    select
        browsers.lead_id,
        chunk.lane
    from chunk
    inner join identity.claimed_browsers as browsers on chunk.anonymous_id = browsers.anonymous_id
) as shown
inner join identity.leads as leads on shown.lead_id = leads.lead_id and leads.only_claimed;

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

-- name: insert_imported
-- A lead that a visitor's event makes at the same moment is left out; then all is looked up again.
insert into identity.leads (lead_id, email, created_at, campaign, source, recorded_at) overriding system value
select
    given.lead_id,
    given.email,
    given.created_at,
    given.campaign,
    given.source,
    %(now)s
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

-- name: prove_imported
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

-- name: date_imported_domains
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

-- name: enqueue_imported
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
