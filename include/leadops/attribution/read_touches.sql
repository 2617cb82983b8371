-- name: tune_planner
-- The touches of a period are joined in memory; the planner does not know the temporary tables.
select
    set_config('work_mem', '256MB', true) as work_mem,
    set_config('jit', 'off', true) as jit;

-- name: create_touches
create temporary table if not exists attribution_touches (
    seq bigint not null,
    lead_id bigint,
    ts timestamptz not null,
    campaigns text[],
    channels text[],
    is_conversion boolean not null,
    cents bigint not null
) on commit delete rows;

-- name: create_names
create temporary table if not exists attribution_names (
    name_id integer not null,
    campaigns text[],
    channels text[]
) on commit delete rows;

-- name: empty_touches
truncate attribution_touches, attribution_names;

-- name: find_touches
-- The touches of a period, and the events that are conversions if an event is one. The imported first contact of a
-- lead comes before the events of its moment.
with kinds as (
    select * from unnest(%(events)s::text[], %(channels)s::text[]) as kinds (event, channel)
),

read as (
    select
        events.seq,
        events.ts,
        array_remove(
            array[
                events.payload #>> %(campaign_1)s::text[],
                events.payload #>> %(campaign_2)s::text[],
                events.payload #>> %(campaign_3)s::text[]
            ],
            null
        ) as campaigns,
        case
            when kinds.event is not null
                then array_remove(
                    array[
                        events.payload #>> %(channel_1)s::text[],
                        events.payload #>> %(channel_2)s::text[],
                        events.payload #>> %(channel_3)s::text[],
                        kinds.channel
                    ],
                    null
                )
            else '{}'
        end as channels,
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
        and not exists (
            select from machines.uncounted_acts as uncounted where uncounted.event_seq = events.seq
        )
)

insert into attribution_touches (seq, lead_id, ts, campaigns, channels, is_conversion, cents)
select
    seq,
    null as lead_id,
    ts,
    campaigns,
    channels,
    is_conversion,
    round(coalesce(value, 0) * 100)::bigint as cents
from read
where array_to_string(channels, '') <> '' or is_conversion
union all
select
    -1 as seq,
    lead_id,
    created_at as ts,
    array_remove(array[campaign], null) as campaigns,
    array[source] as channels,
    false as is_conversion,
    0 as cents
from identity.leads
where
    %(imported)s
    and created_at >= %(since)s
    and created_at < %(until)s
    and trim(source) <> '';

-- name: number_names
insert into attribution_names (name_id, campaigns, channels)
select
    row_number() over () - 1 as name_id,
    campaigns,
    channels
from attribution_touches
where array_to_string(channels, '') <> ''
group by campaigns, channels;

-- name: analyze_touches
analyze attribution_touches, attribution_names;

-- name: list_names
-- What the addresses of a campaign and of a channel hold, in the order of attribution.yaml.
select
    campaigns,
    channels
from attribution_names
order by name_id;

-- name: list_renamed
select
    name,
    campaign
from analytics.campaign_names;

-- name: find_bounds
select
    coalesce(min(seq) filter (where lead_id is null), 0) as first_seq,
    coalesce(max(seq), 0) as last_seq
from attribution_touches;

-- name: read_touches
-- Whose touch each one is; name -1: only a conversion. Each column is sent as one array, see leadops.funnel.arrays.
select
    string_agg(int8send(coalesce(touches.lead_id, resolved.lead_id)), ''::bytea) as leads,
    string_agg(timestamptz_send(touches.ts), ''::bytea) as times,
    string_agg(int8send(touches.seq), ''::bytea) as seqs,
    string_agg(int8send(coalesce(names.name_id, -1)), ''::bytea) as names,
    string_agg(int8send(touches.is_conversion::integer), ''::bytea) as is_conversions,
    string_agg(int8send(touches.cents), ''::bytea) as cents
from attribution_touches as touches
left join attribution_names as names
    on touches.channels = names.channels and touches.campaigns = names.campaigns
left join identity.resolved_events as resolved
    on
        touches.seq = resolved.event_seq
        and resolved.event_seq between %(first)s and %(last)s
where
    coalesce(touches.lead_id, resolved.lead_id) is not null
    and not exists (
        select from identity.uncounted_leads as uncounted
        where uncounted.lead_id = coalesce(touches.lead_id, resolved.lead_id)
    );

-- name: read_conversions
-- Everything up to a conversion's own moment comes before it, hence the largest number there is. What the funnel does
-- not count is not a conversion: what precedes its MQL, a deal that was lost later, and MQLs apart.
select
    string_agg(int8send(conversion.person_id), ''::bytea) as leads,
    string_agg(timestamptz_send(conversion.happened_at), ''::bytea) as times,
    string_agg(
        int8send(9223372036854775807 - 1000 + greatest(least(conversion.person_cycle, 1000), -1000000)), ''::bytea
    ) as seqs,
    string_agg(int8send(round(coalesce(conversion.value, 0) * 100)::bigint), ''::bytea) as cents
from mart.stages as conversion
where
    conversion.stage = %(stage)s
    and conversion.is_counted
    and conversion.happened_at >= %(since)s
    and conversion.happened_at < %(until)s
    and not exists (
        select from mart.stages as other
        where
            other.person_id = conversion.person_id
            and other.person_cycle = conversion.person_cycle
            and other.happened_at > conversion.happened_at
            and (
                other.stage = 'mql'
                or (conversion.stage = 'won' and other.stage = 'lost' and other.happened_at < %(until)s)
            )
    );

-- name: read_people
-- One look-up by key for each, whatever the number of all leads; leads without a merge or an account are left out.
select
    asked.lead_id,
    known.merged_into,
    known.account_id
from unnest(%(leads)s::bigint[]) as asked (lead_id)
cross join
    lateral (
        select
            leads.merged_into,
            case
                when exists (select from identity.people as people where people.lead_id = leads.lead_id)
                    then (
                        select companies.account_id
                        from identity.person_accounts as companies
                        where companies.lead_id = leads.lead_id
                    )
                else leads.account_id
            end as account_id
        from identity.leads as leads
        where leads.lead_id = asked.lead_id
        order by leads.lead_id
        limit 1
    ) as known
where known.merged_into is not null or known.account_id is not null;
