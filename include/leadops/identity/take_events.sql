-- Takes the head of the inbox and looks its identifiers up: email first, then user_id, then anonymous_id.
-- What is clear at once is filed at once. The chunk keeps what needs more: an event of nobody yet, an event
-- with an email that nobody has, and identifiers that are left to link (only they are kept), and traits.
with taken as (
    delete from identity.inbox
    where event_seq >= %(first_seq)s and event_seq <= %(last_seq)s
    returning event_seq
),

events as (
    select
        seq,
        event,
        user_id,
        anonymous_id,
        lower(btrim(email)) as email
    from cdp.events
    where seq >= %(first_seq)s and seq <= %(last_seq)s
),

located as materialized (
    select
        events.seq as event_seq,
        case when by_email.lead_id is null then events.email end as email,
        case when by_user.lead_id is null then events.user_id end as user_id,
        case when by_anonymous.lead_id is null then events.anonymous_id end as anonymous_id,
        events.event = any(%(trait_events)s::text[]) as tells_traits,
        case
            when events.email is not null then by_email.lead_id
            else coalesce(by_user.lead_id, by_anonymous.lead_id)
        end as lead_id
    from taken
    inner join events on taken.event_seq = events.seq
    left join identity.aliases as by_email on by_email.kind = 'email' and events.email = by_email.value
    left join identity.aliases as by_user on by_user.kind = 'user_id' and events.user_id = by_user.value
    left join identity.aliases as by_anonymous
        on by_anonymous.kind = 'anonymous_id' and events.anonymous_id = by_anonymous.value
),

kept as (
    insert into chunk (event_seq, email, user_id, anonymous_id, tells_traits, lead_id, found_in, is_filed)
    select
        event_seq,
        email,
        user_id,
        anonymous_id,
        tells_traits,
        lead_id,
        0 as found_in,
        lead_id is not null as is_filed
    from located
    where lead_id is null or tells_traits or user_id is not null or anonymous_id is not null
),

filed as (
    insert into identity.resolved_events (event_seq, lead_id)
    select
        event_seq,
        lead_id
    from located
    where lead_id is not null
    order by lead_id, event_seq
),

woken as (
    insert into scoring.inbox (lead_id, lane)
    select distinct
        lead_id,
        0
    from located
    where lead_id is not null
    returning lead_id
)

select
    (select count(*) from taken) as events,
    (select count(*) from woken) as leads
