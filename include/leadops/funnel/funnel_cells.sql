-- name: delete_left_out
delete from analytics.left_out where dt = %(dt)s;

-- name: insert_left_out
-- One that was left out on a day that is not built again yet moves here.
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
on conflict (lead_id, cycle, stage) do update
    set
        dt = excluded.dt,
        occurred_at = excluded.occurred_at,
        reason = excluded.reason,
        campaign = excluded.campaign,
        source = excluded.source,
        value = excluded.value;

-- name: create_day_cells
create temp table if not exists day_cells (like analytics.funnel_cells) on commit delete rows;

-- name: collect_cells
with versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (version text, since timestamptz, until timestamptz)
),

-- Names as they were sent, and their keys; what names nothing is not among them.
keys as (
    select
        key as name,
        value as key
    from jsonb_each_text(%(keys)s)
),

counted as (
    select
        case
            when mql_at >= %(start)s and mql_at < %(until)s then %(dt)s
            else (mql_at at time zone %(zone)s)::date
        end as cohort_dt,
        campaign,
        source,
        rep_id,
        kpi_version,
        0 as leads,
        count(*) filter (where stage = 'mql' and not is_apart) as mqls,
        count(*) filter (where stage = 'sal' and reason is null and not is_apart) as sals,
        count(*) filter (where stage = 'sql' and reason is null and not is_apart) as sqls,
        count(*) filter (where stage = 'won' and reason is null) as wons,
        count(*) filter (where stage = 'lost' and reason is null) as losts,
        coalesce(sum(value) filter (where stage = 'won' and reason is null), 0) as value,
        count(*) filter (
            where stage = 'won' and reason is null and value is null and not is_foreign
        ) as wons_without_value,
        count(*) filter (
            where stage = 'won' and reason is null and value is null and is_foreign
        ) as wons_without_rate,
        count(*) filter (where stage = 'mql' and is_apart) as mqls_apart,
        count(*) filter (where reason is not null) as left_out
    from day_transitions
    group by cohort_dt, campaign, source, rep_id, kpi_version
    union all
    select
        null as cohort_dt,
        coalesce(names.campaign, campaigns.key) as campaign,
        sources.key as source,
        null as rep_id,
        versions.version as kpi_version,
        count(*) as leads,
        0 as mqls,
        0 as sals,
        0 as sqls,
        0 as wons,
        0 as losts,
        0 as value,
        0 as wons_without_value,
        0 as wons_without_rate,
        0 as mqls_apart,
        0 as left_out
    from day_origins as origins
    inner join versions on origins.created_at >= versions.since and origins.created_at < versions.until
    left join keys as campaigns on origins.campaign = campaigns.name
    left join keys as sources on origins.source = sources.name
    left join analytics.campaign_names as names on campaigns.key = names.name
    group by coalesce(names.campaign, campaigns.key), sources.key, versions.version
)

insert into day_cells
(
    dt, cohort_dt, campaign, source, rep_id, kpi_version,
    leads, mqls, sals, sqls, wons, losts, value, wons_without_value, wons_without_rate, mqls_apart,
    left_out, known_from
)
select
    %(dt)s,
    cohort_dt,
    campaign,
    source,
    rep_id,
    kpi_version,
    sum(leads),
    sum(mqls),
    sum(sals),
    sum(sqls),
    sum(wons),
    sum(losts),
    sum(value),
    sum(wons_without_value),
    sum(wons_without_rate),
    sum(mqls_apart),
    sum(left_out),
    %(known_from)s
from counted
group by cohort_dt, campaign, source, rep_id, kpi_version;

-- name: pass_cells
-- What is gone or has changed is past. What is as it was stays, with the time since when it is known.
with passed as (
    delete from analytics.funnel_cells as known
    where
        known.dt = %(dt)s
        and not exists (
            select from day_cells as cells
            where to_jsonb(cells) - 'known_from' = to_jsonb(known) - 'known_from'
        )
    returning known.*
)

insert into analytics.past_funnel_cells
select
    passed.*,
    greatest(passed.known_from, %(known_from)s)
from passed;

-- name: insert_cells
insert into analytics.funnel_cells
select cells.*
from day_cells as cells
where
    not exists (
        select from analytics.funnel_cells as known
        where
            known.dt = %(dt)s
            and to_jsonb(cells) - 'known_from' = to_jsonb(known) - 'known_from'
    );

-- name: create_day_sums
create temp table if not exists day_sums (like analytics.funnel_sums) on commit delete rows;

-- name: collect_sums
insert into day_sums
(
    dimension, dt, key, leads, mqls, sals, sqls, wons, losts, value, wons_without_value, wons_without_rate,
    mqls_apart, left_out, known_from
)
select
    case grouping(campaign, source, rep_id) when 7 then 'all' when 3 then 'campaign' when 5 then 'source' else 'rep' end
        as dimension,
    dt,
    coalesce(campaign, source, rep_id) as key,
    sum(leads),
    sum(mqls),
    sum(sals),
    sum(sqls),
    sum(wons),
    sum(losts),
    sum(value),
    sum(wons_without_value),
    sum(wons_without_rate),
    sum(mqls_apart),
    sum(left_out),
    %(known_from)s
from analytics.funnel_cells
where dt = %(dt)s
group by dt, grouping sets ((), (campaign), (source), (rep_id));

-- name: pass_sums
with passed as (
    delete from analytics.funnel_sums as known
    where
        known.dimension in ('all', 'campaign', 'source', 'rep')
        and known.dt = %(dt)s
        and not exists (
            select from day_sums as sums
            where to_jsonb(sums) - 'known_from' = to_jsonb(known) - 'known_from'
        )
    returning known.*
)

insert into analytics.past_funnel_sums
select
    passed.*,
    greatest(passed.known_from, %(known_from)s)
from passed;

-- name: insert_sums
insert into analytics.funnel_sums
select sums.*
from day_sums as sums
where
    not exists (
        select from analytics.funnel_sums as known
        where
            known.dimension in ('all', 'campaign', 'source', 'rep')
            and known.dt = %(dt)s
            and to_jsonb(sums) - 'known_from' = to_jsonb(known) - 'known_from'
    );

-- name: sum_cells
select
    coalesce(sum(leads), 0)::bigint as leads,
    coalesce(sum(mqls), 0)::bigint as mqls,
    coalesce(sum(sals), 0)::bigint as sals,
    coalesce(sum(sqls), 0)::bigint as sqls,
    coalesce(sum(wons), 0)::bigint as wons,
    coalesce(sum(losts), 0)::bigint as losts,
    coalesce(sum(wons_without_value), 0)::bigint as wons_without_value,
    coalesce(sum(wons_without_rate), 0)::bigint as wons_without_rate,
    coalesce(sum(mqls_apart), 0)::bigint as mqls_apart,
    coalesce(sum(left_out), 0)::bigint as left_out
from analytics.funnel_cells
where dt = %(dt)s;

-- name: read_days
select
    dt,
    key as "group",
    leads,
    mqls,
    sals,
    sqls,
    wons,
    losts,
    value,
    wons_without_value,
    wons_without_rate,
    mqls_apart,
    left_out
from analytics.known_sums(%(moment)s)
where dimension = %(grouped)s and dt between %(first)s and %(last)s
order by dt, "group";

-- name: read_cohorts
select
    cohort_dt as dt,
    case %(grouped)s when 'campaign' then campaign when 'source' then source when 'rep' then rep_id end as "group",
    0 as leads,
    sum(mqls)::bigint as mqls,
    sum(sals)::bigint as sals,
    sum(sqls)::bigint as sqls,
    sum(wons)::bigint as wons,
    sum(losts)::bigint as losts,
    sum(value) as value,
    sum(wons_without_value)::bigint as wons_without_value,
    sum(wons_without_rate)::bigint as wons_without_rate,
    sum(mqls_apart)::bigint as mqls_apart,
    sum(left_out)::bigint as left_out
from analytics.known_cells(%(moment)s)
where cohort_dt between %(first)s and %(last)s
group by cohort_dt, "group"
order by cohort_dt, "group";

-- name: count_without_cohort
-- Stages of these days whose lead has no MQL on record: they belong to no cohort.
select coalesce(sum(sals + sqls + wons + losts + left_out), 0)::bigint as stages
from analytics.known_cells(%(moment)s)
where cohort_dt is null and dt between %(first)s and %(last)s;

-- name: sum_groups
select
    key as "group",
    coalesce(sum(leads), 0)::bigint as leads,
    coalesce(sum(mqls), 0)::bigint as mqls,
    coalesce(sum(sals), 0)::bigint as sals,
    coalesce(sum(sqls), 0)::bigint as sqls,
    coalesce(sum(wons), 0)::bigint as wons,
    coalesce(sum(losts), 0)::bigint as losts,
    coalesce(sum(value), 0) as value,
    coalesce(sum(wons_without_value), 0)::bigint as wons_without_value,
    coalesce(sum(wons_without_rate), 0)::bigint as wons_without_rate,
    coalesce(sum(mqls_apart), 0)::bigint as mqls_apart,
    coalesce(sum(left_out), 0)::bigint as left_out
from analytics.funnel_sums
where dimension = %(grouped)s and dt between %(first)s and %(last)s
group by key
order by key nulls last;

-- name: sum_days
-- By one name at most the sums have them, else (`grouped` is null) the cells, which alone have names beside each other.
with numbers as (
    select
        leads,
        mqls,
        sals,
        sqls,
        wons,
        losts,
        value,
        wons_without_value,
        wons_without_rate,
        mqls_apart,
        left_out
    from analytics.funnel_sums
    where
        dimension = %(grouped)s::text
        and coalesce(key, '') = %(key)s
        and dt between %(first)s and %(last)s
    union all
    select
        leads,
        mqls,
        sals,
        sqls,
        wons,
        losts,
        value,
        wons_without_value,
        wons_without_rate,
        mqls_apart,
        left_out
    from analytics.funnel_cells
    where
        %(grouped)s::text is null
        and dt between %(first)s and %(last)s
        and (%(campaign)s::text is null or coalesce(campaign, '') = %(campaign)s)
        and (%(source)s::text is null or coalesce(source, '') = %(source)s)
        and (%(rep)s::text is null or coalesce(rep_id, '') = %(rep)s)
)

select
    coalesce(sum(leads), 0)::bigint as leads,
    coalesce(sum(mqls), 0)::bigint as mqls,
    coalesce(sum(sals), 0)::bigint as sals,
    coalesce(sum(sqls), 0)::bigint as sqls,
    coalesce(sum(wons), 0)::bigint as wons,
    coalesce(sum(losts), 0)::bigint as losts,
    coalesce(sum(value), 0) as value,
    coalesce(sum(wons_without_value), 0)::bigint as wons_without_value,
    coalesce(sum(wons_without_rate), 0)::bigint as wons_without_rate,
    coalesce(sum(mqls_apart), 0)::bigint as mqls_apart,
    coalesce(sum(left_out), 0)::bigint as left_out
from numbers;
