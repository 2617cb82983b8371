-- Takes the head of the inbox and looks its identifiers up. What is clear at once is filed at once. The chunk
-- keeps what needs more: an event of nobody yet, an event whose lead depends on the events before it, one that
-- ties identifiers to a lead, one that first shows an identifier with its own lead's email or with another's, and
-- traits.
-- Lead 0 is nobody.
-- `offset 0` keeps the planner from working an expression out again wherever its result is used.
with taken as (
    delete from identity.inbox
    where event_seq >= %(first_seq)s and event_seq <= %(last_seq)s
    returning event_seq, lane
),

late as (
    insert into identity.late_events (event_seq, after_seq)
    select
        taken.event_seq,
        progress.last_seq
    from taken
    cross join identity.progress as progress
    where taken.event_seq < progress.last_seq and progress.last_seq > %(first_seq)s
    order by taken.event_seq
    on conflict (event_seq) do nothing
),

sent as (
    select
        seq,
        event = any(%(trait_events)s::text[]) as tells_traits,
        lower(btrim(email)) as email,
        case
            when event = any(%(trait_events)s::text[])
                then (
                    select left(events.payload -> 'properties' ->> names.name, 200)
                    from unnest(%(enrichment_id)s::text[]) with ordinality as names (name, place)
                    where btrim(events.payload -> 'properties' ->> names.name) <> ''
                    order by names.place limit 1
                )
        end as enrichment_id,
        user_id,
        anonymous_id,
        coalesce(lower(btrim(email)) = any(%(blocked_emails)s::text[]), false) as is_alone
    from cdp.events as events
    where seq >= %(first_seq)s and seq <= %(last_seq)s
),

events as (
    select
        seq,
        tells_traits,
        email,
        case
            when not is_alone and enrichment_id <> all(%(blocked_enrichment_ids)s::text[]) then enrichment_id
        end as enrichment_id,
        case when not is_alone and user_id <> all(%(blocked_user_ids)s::text[]) then user_id end as user_id,
        case
            when not is_alone and anonymous_id <> all(%(blocked_anonymous_ids)s::text[]) then anonymous_id
        end as anonymous_id
    from sent
    offset 0 -- noqa: AM09
),

found as (
    select
        taken.lane,
        events.*,
        by_email.lead_id as email_lead,
        by_enrichment.lead_id as enrichment_lead,
        by_user.lead_id as user_lead,
        by_anonymous.lead_id as anonymous_lead,
        coalesce(
            events.email is null and (
                events.user_id = any(%(suspect_user_ids)s::text[])
                or events.anonymous_id = any(%(suspect_anonymous_ids)s::text[])
                or events.enrichment_id = any(%(suspect_enrichment_ids)s::text[])
            ), false
        ) as is_suspect,
        by_email.lead_id in (
            case when by_enrichment.confirmed_seq is null then by_enrichment.lead_id end,
            case when by_user.confirmed_seq is null then by_user.lead_id end,
            case when by_anonymous.confirmed_seq is null then by_anonymous.lead_id end
        ) as confirms
    from taken
    inner join events on taken.event_seq = events.seq
    left join identity.aliases as by_email on by_email.kind = 'email' and events.email = by_email.value
    left join identity.aliases as by_enrichment
        on by_enrichment.kind = 'enrichment_id' and events.enrichment_id = by_enrichment.value
    left join identity.aliases as by_user on by_user.kind = 'user_id' and events.user_id = by_user.value
    left join identity.aliases as by_anonymous
        on by_anonymous.kind = 'anonymous_id' and events.anonymous_id = by_anonymous.value
    offset 0 -- noqa: AM09
),

decided as (
    select
        *,
        case
            when email is not null then email_lead
            when is_suspect then null
            when enrichment_id is not null and coalesce(enrichment_lead, 1) <> 0 then enrichment_lead
            when user_id is not null and coalesce(user_lead, 1) <> 0 then user_lead
            when anonymous_id is not null and coalesce(anonymous_lead, 1) <> 0 then anonymous_lead
        end as lead_id
    from found
    offset 0 -- noqa: AM09
),

-- Read three times over: only what is used, and first what every event needs.
sorted as materialized (
    select
        seq as event_seq,
        lane,
        lead_id,
        tells_traits,
        case
            when num_nonnulls(enrichment_id, user_id, anonymous_id) = 0 then false
            when is_suspect then true
            when email is not null
                then lead_id is null or coalesce(confirms, false) or not (
                    (enrichment_id is null or coalesce(enrichment_lead in (0, lead_id), false))
                    and (user_id is null or coalesce(user_lead in (0, lead_id), false))
                    and (anonymous_id is null or coalesce(anonymous_lead in (0, lead_id), false))
                )
            else
                num_nonnulls(enrichment_id, user_id, anonymous_id)
                > greatest(num_nonnulls(enrichment_lead, user_lead, anonymous_lead), 1)
        end as is_link,
        enrichment_lead,
        user_lead,
        anonymous_lead,
        email,
        enrichment_id,
        user_id,
        anonymous_id
    from decided
),

kept as (
    insert into chunk (
        event_seq, email, enrichment_id, user_id, anonymous_id, enrichment_lead, user_lead, anonymous_lead,
        tells_traits, is_link, lead_id, is_filed, lane
    )
    select
        event_seq,
        email,
        enrichment_id,
        user_id,
        anonymous_id,
        enrichment_lead,
        user_lead,
        anonymous_lead,
        tells_traits,
        is_link,
        lead_id,
        lead_id is not null as is_filed,
        lane
    from sorted
    where lead_id is null or tells_traits or is_link
),

filed as (
    insert into identity.resolved_events (event_seq, lead_id)
    select
        event_seq,
        lead_id
    from sorted
    where lead_id is not null
    order by lead_id, event_seq
),

woken as (
    insert into scoring.inbox (lead_id, lane)
    select distinct
        lead_id,
        lane
    from sorted
    where lead_id is not null
    returning lead_id
)

select
    (select count(*) from taken) as events,
    (select count(*) from woken) as leads
