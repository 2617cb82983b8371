-- The events that tie identifiers, and the waiting events of before that tie more to them, in their order.
with recursive reached (kind, value) as (
    (
        select
            free.kind,
            free.value
        from chunk
        cross join
            lateral (
                values
                ('enrichment_id', chunk.enrichment_id, chunk.enrichment_lead),
                ('user_id', chunk.user_id, chunk.user_lead),
                ('anonymous_id', chunk.anonymous_id, chunk.anonymous_lead)
            ) as free (kind, value, lead_id)
        where chunk.is_link and free.value is not null and free.lead_id is null
    )
    union
    select
        tied.kind,
        tied.value
    from reached
    cross join
        lateral (
            select
                enrichment_id,
                user_id,
                anonymous_id
            from identity.unresolved_events
            where reached.kind = 'enrichment_id' and reached.value = enrichment_id
            union all
            select
                enrichment_id,
                user_id,
                anonymous_id
            from identity.unresolved_events
            where reached.kind = 'user_id' and reached.value = user_id
            union all
            select
                enrichment_id,
                user_id,
                anonymous_id
            from identity.unresolved_events
            where
                reached.kind = 'anonymous_id'
                and reached.value = anonymous_id
                and num_nonnulls(user_id, enrichment_id) > 0
        ) as waiting
    cross join
        lateral (
            values
            ('enrichment_id', waiting.enrichment_id),
            ('user_id', waiting.user_id),
            ('anonymous_id', waiting.anonymous_id)
        ) as tied (kind, value)
    where tied.value is not null
),

waiting as (
    select
        events.event_seq,
        events.enrichment_id,
        events.user_id,
        events.anonymous_id
    from reached
    inner join identity.unresolved_events as events on reached.value = events.enrichment_id
    where reached.kind = 'enrichment_id' and num_nonnulls(events.user_id, events.anonymous_id) > 0
    union
    select
        events.event_seq,
        events.enrichment_id,
        events.user_id,
        events.anonymous_id
    from reached
    inner join identity.unresolved_events as events on reached.value = events.user_id
    where reached.kind = 'user_id' and events.anonymous_id is not null
)

select
    waiting.event_seq,
    0 as email_lead,
    waiting.enrichment_id,
    waiting.user_id,
    waiting.anonymous_id,
    by_enrichment.lead_id as enrichment_lead,
    by_user.lead_id as user_lead,
    by_anonymous.lead_id as anonymous_lead,
    false as is_new
from waiting
left join identity.aliases as by_enrichment
    on by_enrichment.kind = 'enrichment_id' and waiting.enrichment_id = by_enrichment.value
left join identity.aliases as by_user on by_user.kind = 'user_id' and waiting.user_id = by_user.value
left join identity.aliases as by_anonymous
    on by_anonymous.kind = 'anonymous_id' and waiting.anonymous_id = by_anonymous.value
union all
select
    event_seq,
    case when email is null then 0 else lead_id end,
    enrichment_id,
    user_id,
    anonymous_id,
    enrichment_lead,
    user_lead,
    anonymous_lead,
    true
from chunk
where is_link
order by is_new, event_seq
