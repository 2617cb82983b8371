-- Ties the new identifiers. A lead that had no address until now is known to the MA by it, in the low lane.
with given as (
    select
        given.kind,
        given.value,
        given.lead_id
    from
        unnest(%(kinds)s::text[], %(identifiers)s::text[], %(owners)s::bigint[]) as given (kind, value, lead_id)
),

linked as (
    insert into identity.aliases (kind, value, lead_id, linked_at)
    select
        kind,
        value,
        lead_id,
        %(now)s::timestamptz
    from given
    on conflict (kind, value) do nothing
    returning kind, value, lead_id
),

firsts as (
    select
        first.lead_id,
        first.email,
        leads.created_at
    from unnest(%(leads)s::bigint[], %(emails)s::text[]) as first (lead_id, email)
    inner join linked on linked.kind = 'email' and first.email = linked.value and first.lead_id = linked.lead_id
    inner join identity.leads as leads on first.lead_id = leads.lead_id
    where coalesce(leads.email, first.email) = first.email
),

addressed as (
    update identity.leads
    set email = firsts.email
    from firsts
    where leads.lead_id = firsts.lead_id and leads.email is null
),

domained as (
    insert into identity.traits (lead_id, trait, value, ts, event_id)
    select
        lead_id,
        'email_domain',
        to_jsonb(split_part(email, '@', 2)),
        created_at,
        'import'
    from firsts
    on conflict (lead_id, trait) do nothing
)

insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
select
    'ma',
    'upsert_lead',
    lead_id,
    jsonb_build_object('email', email, 'externalId', lead_id::text),
    'ma-lead-' || lead_id,
    1,
    %(now)s::timestamptz
from firsts
order by lead_id
on conflict (idempotency_key) do nothing
