-- Finds the lead of an email, or makes it. No row: somebody made it at the same moment, so ask again.
with asked as (
    select lower(btrim(%(email)s)) as email
),

known as (
    select aliases.lead_id
    from asked
    inner join identity.aliases as aliases on aliases.kind = 'email' and asked.email = aliases.value
),

made as (
    insert into identity.leads (email, created_at, first_event_seq)
    select
        email,
        %(now)s,
        %(event_seq)s
    from asked
    where not exists (select from known)
    on conflict (email) do nothing
    returning lead_id, email
),

aliased as (
    insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
    select
        'email',
        email,
        lead_id,
        %(event_seq)s,
        %(now)s
    from made
),

domained as (
    insert into identity.traits (lead_id, trait, value, ts, event_id)
    select
        made.lead_id,
        'email_domain',
        to_jsonb(split_part(made.email, '@', 2)),
        events.ts,
        events.event_id
    from made
    inner join cdp.events as events on events.seq = %(event_seq)s
)

select lead_id from known
union all
select lead_id from made
