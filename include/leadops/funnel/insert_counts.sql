-- What happened on the day, each with its MQL and with why it does not count, if so. By ranges of the index on
-- occurred_at; leads that turned out to be one person are looked up person by person.
with happened as materialized (
    select
        transitions.lead_id,
        transitions.cycle,
        transitions.stage,
        transitions.occurred_at,
        transitions.campaign,
        transitions.source,
        transitions.value,
        transitions.kpi_version,
        people.person_id,
        people.person_id is null as is_single
    from lifecycle.transitions as transitions
    left join identity.people as people on transitions.lead_id = people.lead_id
    where transitions.occurred_at >= %(start)s and transitions.occurred_at < %(until)s
),

-- Most MQLs are of the day themselves; only those of another day are looked up, one by one.
mqls as (
    select
        lead_id,
        cycle,
        occurred_at,
        source
    from happened
    where is_single and stage = 'mql'
    union all
    select
        begun.lead_id,
        begun.cycle,
        mql.occurred_at,
        mql.source
    from (
        select
            lead_id,
            cycle
        from happened
        where is_single
        group by lead_id, cycle
        having not bool_or(stage = 'mql')
    ) as begun
    cross join
        lateral (
            select
                max(occurred_at) as occurred_at,
                max(source) as source
            from lifecycle.transitions
            where lead_id = begun.lead_id and cycle = begun.cycle and stage = 'mql'
        ) as mql
),

-- Likewise what a won deal has beside it: its loss, and the other way round.
other_ends as (
    select
        ended.lead_id,
        ended.cycle,
        ended.stage,
        other.occurred_at
    from happened as ended
    cross join
        lateral (
            select max(occurred_at) as occurred_at
            from lifecycle.transitions
            where
                lead_id = ended.lead_id
                and cycle = ended.cycle
                and stage = case ended.stage when 'won' then 'lost' else 'won' end
        ) as other
    where ended.is_single and ended.stage in ('won', 'lost')
),

singles as (
    select
        happened.lead_id,
        happened.cycle,
        happened.stage,
        happened.occurred_at,
        happened.campaign,
        coalesce(happened.source, mqls.source) as source,
        happened.value,
        happened.kpi_version,
        mqls.occurred_at as mql_at,
        other_ends.occurred_at as other_end_at
    from happened
    left join mqls on happened.lead_id = mqls.lead_id and happened.cycle = mqls.cycle
    left join other_ends
        on
            happened.lead_id = other_ends.lead_id
            and happened.cycle = other_ends.cycle
            and happened.stage = other_ends.stage
    where happened.is_single
),

persons as (
    select
        told.lead_id,
        told.cycle,
        told.stage,
        told.occurred_at,
        told.campaign,
        coalesce(told.source, told.mql_source) as source,
        told.value,
        told.kpi_version,
        told.mql_at,
        case told.stage when 'won' then told.lost_at when 'lost' then told.won_at end as other_end_at
    from (select distinct person_id from happened where not is_single) as touched
    cross join
        lateral (
            select
                current_transitions.*,
                max(occurred_at) filter (where stage = 'mql') over one_cycle as mql_at,
                max(source) filter (where stage = 'mql') over one_cycle as mql_source,
                max(occurred_at) filter (where stage = 'won') over one_cycle as won_at,
                max(occurred_at) filter (where stage = 'lost') over one_cycle as lost_at
            from lifecycle.current_transitions
            where lead_id = touched.person_id
            window one_cycle as (partition by cycle)
        ) as told
    where told.occurred_at >= %(start)s and told.occurred_at < %(until)s
),

judged as materialized (
    select
        told.lead_id,
        told.cycle,
        told.stage,
        told.occurred_at,
        coalesce(names.campaign, told.campaign) as campaign,
        told.source,
        told.value,
        told.kpi_version,
        told.mql_at,
        case
            when told.mql_at > told.occurred_at then 'before_mql'
            -- Of two ends at one moment, won counts.
            when told.other_end_at > told.occurred_at then 'reopened'
            when told.other_end_at = told.occurred_at and told.stage = 'lost' then 'reopened'
        end as reason
    from (
        select * from singles
        union all
        select * from persons
    ) as told
    left join analytics.campaign_names as names on told.campaign = names.name
),

versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (version text, since timestamptz, until timestamptz)
),

left_out as (
    insert into analytics.left_out
    (dt, lead_id, cycle, stage, occurred_at, reason, campaign, source, value)
    select
        %(dt)s,
        lead_id,
        cycle,
        stage,
        occurred_at,
        reason,
        campaign,
        source,
        value
    from judged
    where reason is not null
    -- It has moved here from another day that is not built again yet.
    on conflict (lead_id, cycle, stage) do update
        set
            dt = excluded.dt,
            occurred_at = excluded.occurred_at,
            reason = excluded.reason,
            campaign = excluded.campaign,
            source = excluded.source,
            value = excluded.value
),

counted as (
    select
        case
            when mql_at >= %(start)s and mql_at < %(until)s then %(dt)s
            else (mql_at at time zone %(zone)s)::date
        end as cohort_dt,
        campaign,
        source,
        kpi_version,
        0 as leads,
        count(*) filter (where stage = 'mql') as mqls,
        count(*) filter (where stage = 'sal' and reason is null) as sals,
        count(*) filter (where stage = 'sql' and reason is null) as sqls,
        count(*) filter (where stage = 'won' and reason is null) as wons,
        count(*) filter (where stage = 'lost' and reason is null) as losts,
        coalesce(sum(value) filter (where stage = 'won' and reason is null), 0) as value,
        count(*) filter (where reason is not null) as left_out
    from judged
    group by cohort_dt, campaign, source, kpi_version
    union all
    select
        null as cohort_dt,
        coalesce(names.campaign, origin.campaign) as campaign,
        origin.source,
        versions.version as kpi_version,
        count(*) as leads,
        0 as mqls,
        0 as sals,
        0 as sqls,
        0 as wons,
        0 as losts,
        0 as value,
        0 as left_out
    from identity.leads as leads
    inner join versions on leads.created_at >= versions.since and leads.created_at < versions.until
    -- One look-up by key for each, whatever the number of all events.
    left join
        lateral (
            select payload
            from cdp.events
            where seq = leads.first_event_seq
            order by seq
            limit 1
        ) as first_event
        on true
    cross join
        lateral (
            select
                coalesce(leads.campaign, nullif(first_event.payload #>> '{context,utm,campaign}', '')) as campaign,
                coalesce(leads.source, nullif(first_event.payload #>> '{context,utm,source}', '')) as source
        ) as origin
    left join analytics.campaign_names as names on origin.campaign = names.name
    where leads.created_at >= %(start)s and leads.created_at < %(until)s and leads.merged_into is null
    group by coalesce(names.campaign, origin.campaign), origin.source, versions.version
)

insert into analytics.funnel_cells
(dt, cohort_dt, campaign, source, kpi_version, leads, mqls, sals, sqls, wons, losts, value, left_out)
select
    %(dt)s,
    cohort_dt,
    campaign,
    source,
    kpi_version,
    sum(leads),
    sum(mqls),
    sum(sals),
    sum(sqls),
    sum(wons),
    sum(losts),
    sum(value),
    sum(left_out)
from counted
group by cohort_dt, campaign, source, kpi_version
returning leads, mqls, sals, sqls, wons, losts, left_out
