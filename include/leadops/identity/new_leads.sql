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
