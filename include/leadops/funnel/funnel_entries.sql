-- name: create_day_entries
create temp table if not exists day_entries (
    stage text not null,
    lead_id bigint not null,
    cycle integer not null,
    occurred_at timestamptz not null,
    cohort_dt date,
    campaign text,
    source text,
    rep_id text,
    value numeric(18, 2),
    counts_as text not null,
    is_apart boolean not null,
    kpi_version text,
    is_foreign boolean not null
) on commit delete rows;

-- name: collect_entries
-- From the same rows as the cells, so that each number of the cells is the count of its entries.
with versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (version text, since timestamptz, until timestamptz)
),

keys as (
    select
        key as name,
        value as key
    from jsonb_each_text(%(keys)s)
),

happened as (
    select
        stage,
        lead_id,
        cycle,
        occurred_at,
        case
            when mql_at >= %(start)s and mql_at < %(until)s then %(dt)s
            else (mql_at at time zone %(zone)s)::date
        end as cohort_dt,
        campaign,
        source,
        rep_id,
        case when stage = 'won' then value end as value,
        case
            when reason is not null then reason
            when is_apart and stage in ('mql', 'sal', 'sql') then 'apart'
            else 'counted'
        end as counts_as,
        is_apart,
        kpi_version,
        is_foreign
    from day_transitions
    union all
    select
        'lead' as stage,
        origins.lead_id,
        0 as cycle,
        origins.created_at as occurred_at,
        null as cohort_dt,
        coalesce(names.campaign, campaigns.key) as campaign,
        sources.key as source,
        null as rep_id,
        null as value,
        'counted' as counts_as,
        false as is_apart,
        versions.version as kpi_version,
        false as is_foreign
    from day_origins as origins
    inner join versions on origins.created_at >= versions.since and origins.created_at < versions.until
    left join keys as campaigns on origins.campaign = campaigns.name
    left join keys as sources on origins.source = sources.name
    left join analytics.campaign_names as names on campaigns.key = names.name
)

insert into day_entries
(
    stage, lead_id, cycle, occurred_at, cohort_dt, campaign, source, rep_id, value, counts_as, is_apart,
    kpi_version, is_foreign
)
select
    stage,
    lead_id,
    cycle,
    occurred_at,
    cohort_dt,
    campaign,
    source,
    rep_id,
    value,
    counts_as,
    is_apart,
    kpi_version,
    is_foreign
from happened;

-- name: pass_entries
-- What is gone or has changed is past. What is as it was stays: a day that is built again writes little.
with passed as (
    delete from analytics.funnel_entries as known
    where
        known.stage in ('lead', 'mql', 'sal', 'sql', 'won', 'lost')
        and known.dt = %(dt)s
        and not exists (
            select from day_entries as entries
            where
                known.stage = entries.stage
                and known.lead_id = entries.lead_id
                and known.cycle = entries.cycle
                and (
                    known.occurred_at, known.cohort_dt, known.campaign, known.source, known.rep_id, known.value,
                    known.counts_as, known.is_apart, known.kpi_version, known.is_foreign
                ) is not distinct from (
                    entries.occurred_at, entries.cohort_dt, entries.campaign, entries.source, entries.rep_id,
                    entries.value, entries.counts_as, entries.is_apart, entries.kpi_version, entries.is_foreign
                )
        )
    returning known.*
)

insert into analytics.past_funnel_entries
select
    passed.*,
    greatest(passed.known_from, %(known_from)s)
from passed;

-- name: insert_entries
-- In the order of the index, which is faster.
insert into analytics.funnel_entries
(
    dt, stage, lead_id, cycle, occurred_at, cohort_dt, campaign, source, rep_id, value, counts_as, is_apart,
    kpi_version, is_foreign, known_from
)
select
    %(dt)s,
    stage,
    lead_id,
    cycle,
    occurred_at,
    cohort_dt,
    campaign,
    source,
    rep_id,
    value,
    counts_as,
    is_apart,
    kpi_version,
    is_foreign,
    %(known_from)s
from day_entries as entries
where
    not exists (
        select from analytics.funnel_entries as known
        where
            known.stage in ('lead', 'mql', 'sal', 'sql', 'won', 'lost')
            and known.dt = %(dt)s
            and known.stage = entries.stage
            and known.lead_id = entries.lead_id
            and known.cycle = entries.cycle
    )
order by stage, lead_id, cycle;

-- name: list_days
-- The newest days that count something, as many as a page needs: of the day of `after` any part may be shown already.
-- By one name at most the sums have them, else (`grouped` is null) the cells.
with numbers as (
    select
        dt,
        leads,
        mqls,
        sals,
        sqls,
        wons,
        losts,
        mqls_apart,
        left_out
    from analytics.funnel_sums
    where
        dt between %(first)s and least(%(last)s, %(after_dt)s::date)
        and dimension = %(grouped)s::text
        and coalesce(key, '') = %(key)s
    union all
    select
        dt,
        leads,
        mqls,
        sals,
        sqls,
        wons,
        losts,
        mqls_apart,
        left_out
    from analytics.funnel_cells
    where
        %(grouped)s::text is null
        and dt between %(first)s and least(%(last)s, %(after_dt)s::date)
        and (%(campaign)s::text is null or coalesce(campaign, '') = %(campaign)s)
        and (%(source)s::text is null or coalesce(source, '') = %(source)s)
        and (%(rep)s::text is null or coalesce(rep_id, '') = %(rep)s)
),

counted as (
    select
        dt,
        sum(
            case %(number)s
                when 'leads' then leads
                when 'mqls' then mqls
                when 'sals' then sals
                when 'sqls' then sqls
                when 'wons' then wons
                when 'losts' then losts
                when 'mqls_apart' then mqls_apart
                else left_out
            end
        ) as entries
    from numbers
    group by dt
),

behind as (
    select
        dt,
        entries,
        sum(case when dt = %(after_dt)s::date then 0 else entries end) over (
            order by dt desc rows between unbounded preceding and 1 preceding
        ) as newer
    from counted
    where entries > 0
)

select dt
from behind
where coalesce(newer, 0) < %(max_rows)s
order by dt;

-- name: list_stage
-- The newest first, in the order of the primary key.
select
    dt,
    stage,
    lead_id,
    cycle,
    occurred_at,
    cohort_dt,
    campaign,
    source,
    rep_id,
    value,
    counts_as
from analytics.funnel_entries as entries
where
    entries.stage = %(stage)s
    and entries.counts_as = %(counts_as)s
    and entries.dt = any(%(days)s::date[])
    and (%(campaign)s::text is null or coalesce(entries.campaign, '') = %(campaign)s)
    and (%(source)s::text is null or coalesce(entries.source, '') = %(source)s)
    and (%(rep)s::text is null or coalesce(entries.rep_id, '') = %(rep)s)
    and (
        %(after_dt)s::date is null
        or (entries.dt, entries.lead_id, entries.cycle)
        < (%(after_dt)s::date, %(after_lead)s::bigint, %(after_cycle)s::integer)
    )
order by entries.dt desc, entries.lead_id desc, entries.cycle desc
limit %(max_rows)s;

-- name: list_left_out
select
    dt,
    stage,
    lead_id,
    cycle,
    occurred_at,
    cohort_dt,
    campaign,
    source,
    rep_id,
    value,
    counts_as
from analytics.funnel_entries as entries
where
    entries.counts_as in ('before_mql', 'reopened')
    and entries.dt = any(%(days)s::date[])
    and (%(campaign)s::text is null or coalesce(entries.campaign, '') = %(campaign)s)
    and (%(source)s::text is null or coalesce(entries.source, '') = %(source)s)
    and (%(rep)s::text is null or coalesce(entries.rep_id, '') = %(rep)s)
    and (
        %(after_dt)s::date is null
        or (entries.dt, entries.lead_id, entries.cycle, entries.stage)
        < (%(after_dt)s::date, %(after_lead)s::bigint, %(after_cycle)s::integer, %(after_stage)s::text)
    )
order by entries.dt desc, entries.lead_id desc, entries.cycle desc, entries.stage desc
limit %(max_rows)s;

-- name: list_cohort
-- Deals won on any day by the MQLs of these days, without those that are counted apart.
select
    dt,
    stage,
    lead_id,
    cycle,
    occurred_at,
    cohort_dt,
    campaign,
    source,
    rep_id,
    value,
    counts_as
from analytics.funnel_entries as entries
where
    entries.stage = 'won'
    and entries.counts_as = 'counted'
    and entries.cohort_dt between %(first)s and %(last)s
    and (%(campaign)s::text is null or coalesce(entries.campaign, '') = %(campaign)s)
    and (%(source)s::text is null or coalesce(entries.source, '') = %(source)s)
    and (%(rep)s::text is null or coalesce(entries.rep_id, '') = %(rep)s)
    and not entries.is_apart
    and (
        %(after_dt)s::date is null
        or (entries.dt, entries.lead_id, entries.cycle)
        < (%(after_dt)s::date, %(after_lead)s::bigint, %(after_cycle)s::integer)
    )
order by entries.dt desc, entries.lead_id desc, entries.cycle desc
limit %(max_rows)s;

-- name: count_cohort
select count(*) as wons
from analytics.funnel_entries as entries
where
    entries.stage = 'won'
    and entries.counts_as = 'counted'
    and entries.cohort_dt between %(first)s and %(last)s
    and (%(campaign)s::text is null or coalesce(entries.campaign, '') = %(campaign)s)
    and (%(source)s::text is null or coalesce(entries.source, '') = %(source)s)
    and (%(rep)s::text is null or coalesce(entries.rep_id, '') = %(rep)s)
    and not entries.is_apart;
