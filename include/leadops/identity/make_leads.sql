-- Every email that nobody has yet makes a lead, in the order of the events, and asks for it in the MA. An email
-- that was claimed meanwhile is left for place_claimed.sql.
with firsts as (
    select distinct on (email)
        email,
        event_seq
    from chunk
    where lead_id is null and email is not null
    order by email asc, event_seq asc
),

made as (
    insert into identity.leads (email, created_at, first_event_seq)
    select
        email,
        %(now)s,
        event_seq
    from firsts
    order by event_seq
    on conflict (email) do nothing
    returning lead_id, email, first_event_seq
),

aliased as (
    insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
    select
        'email',
        email,
        lead_id,
        first_event_seq,
        %(now)s
    from made
),

facts as (
    select
        made.lead_id,
        made.email,
        events.event_id,
        events.ts,
        (
            select events.payload -> 'properties' ->> names.name
            from unnest(%(first_name)s::text[]) with ordinality as names (name, place)
            where btrim(events.payload -> 'properties' ->> names.name) <> ''
            order by names.place limit 1
        ) as first_name,
        (
            select events.payload -> 'properties' ->> names.name
            from unnest(%(last_name)s::text[]) with ordinality as names (name, place)
            where btrim(events.payload -> 'properties' ->> names.name) <> ''
            order by names.place limit 1
        ) as last_name,
        nullif(events.payload #> '{context,utm}', '{}'::jsonb) as utm
    from made
    inner join cdp.events as events on made.first_event_seq = events.seq
),

domained as (
    insert into identity.traits (lead_id, trait, value, ts, event_id)
    select
        lead_id,
        'email_domain',
        to_jsonb(split_part(email, '@', 2)),
        ts,
        event_id
    from facts
),

asked as (
    insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)
    select
        'ma',
        'upsert_lead',
        lead_id,
        jsonb_strip_nulls(
            jsonb_build_object(
                'email', email,
                'firstName', first_name,
                'lastName', last_name,
                'utm', utm,
                'externalId', lead_id::text
            )
        ),
        'ma-lead-' || lead_id,
        %(now)s
    from facts
    order by lead_id
),

placed as (
    update chunk
    set lead_id = made.lead_id
    from made
    where chunk.email = made.email and chunk.lead_id is null
)

select count(*) from made
