-- The touches of a time, and the events that are conversions, where there are such. A first contact that was
-- imported stands before the events of its moment.
with kinds as (
    select * from unnest(%(events)s::text[], %(channels)s::text[]) as kinds (event, channel)
),

read as (
    select
        events.seq,
        events.ts,
        coalesce(
            nullif(trim(events.payload #>> %(campaign_1)s::text[]), ''),
            nullif(trim(events.payload #>> %(campaign_2)s::text[]), ''),
            nullif(trim(events.payload #>> %(campaign_3)s::text[]), '')
        ) as campaign,
        case
            when kinds.event is not null
                then coalesce(
                    nullif(trim(events.payload #>> %(channel_1)s::text[]), ''),
                    nullif(trim(events.payload #>> %(channel_2)s::text[]), ''),
                    nullif(trim(events.payload #>> %(channel_3)s::text[]), ''),
                    kinds.channel
                )
        end as channel,
        coalesce(events.event = %(conversion)s::text, false) as is_conversion,
        case
            when events.event = %(conversion)s::text
                then coalesce(
                    substring(events.payload #>> %(value_1)s::text[] from '^-?[0-9]{1,13}(?:[.][0-9]+)?$'),
                    substring(events.payload #>> %(value_2)s::text[] from '^-?[0-9]{1,13}(?:[.][0-9]+)?$'),
                    substring(events.payload #>> %(value_3)s::text[] from '^-?[0-9]{1,13}(?:[.][0-9]+)?$')
                )::numeric
        end as value
    from cdp.events as events
    left join kinds on events.event = kinds.event
    where
        events.ts >= %(since)s
        and events.ts < %(until)s
        and (kinds.event is not null or events.event = %(conversion)s::text)
)

insert into attribution_touches (seq, lead_id, ts, campaign, channel, is_conversion, cents)
select
    seq,
    null as lead_id,
    ts,
    left(campaign, 200) as campaign,
    left(channel, 200) as channel,
    is_conversion,
    round(coalesce(value, 0) * 100)::bigint as cents
from read
where channel is not null or is_conversion
union all
select
    -1 as seq,
    lead_id,
    created_at as ts,
    left(nullif(trim(campaign), ''), 200) as campaign,
    left(trim(source), 200) as channel,
    false as is_conversion,
    0 as cents
from identity.leads
where
    %(imported)s
    and created_at >= %(since)s
    and created_at < %(until)s
    and trim(source) <> ''
