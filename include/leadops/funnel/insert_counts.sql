with versions as (
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
    from day_transitions
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
        (mql_at at time zone %(zone)s)::date as cohort_dt,
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
    from day_transitions
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
    left join cdp.events as events on leads.first_event_seq = events.seq
    cross join
        lateral (
            select
                coalesce(leads.campaign, nullif(events.payload #>> '{context,utm,campaign}', '')) as campaign,
                coalesce(leads.source, nullif(events.payload #>> '{context,utm,source}', '')) as source
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
