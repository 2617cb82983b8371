-- name: tune_planner
-- Compiling expressions takes longer than it saves here.
select
    set_config('work_mem', '128MB', true) as work_mem,
    set_config('jit', 'off', true) as jit;

-- name: forbid_loops
-- What a join of a day's rows with one another costs, the planner cannot know: of a day that statistics do not know yet
-- it expects one row, and would compare each with each.
select set_config('enable_nestloop', 'off', true);

-- name: allow_loops
select set_config('enable_nestloop', 'on', true);

-- name: create_day_transitions
-- What leads reached on the day, each with the moment of its MQL and with why it does not count, if so. Of two ends at
-- one moment, won counts.
create temp table if not exists day_transitions (
    lead_id bigint not null,
    cycle integer not null,
    stage text not null,
    occurred_at timestamptz not null,
    campaign text,
    source text,
    rep_id text,
    value numeric(18, 2),
    is_foreign boolean not null,
    is_apart boolean not null,
    kpi_version text not null,
    mql_at timestamptz,
    other_end_at timestamptz,
    reason text generated always as (
        case
            when mql_at > occurred_at then 'before_mql'
            when other_end_at > occurred_at then 'reopened'
            when other_end_at = occurred_at and stage = 'lost' then 'reopened'
        end
    ) stored
) on commit delete rows;

-- name: create_day_cycles
create temp table if not exists day_cycles (
    lead_id bigint not null,
    cycle integer not null,
    campaign text,
    is_backfill boolean not null,
    is_imported boolean not null,
    mql_at timestamptz not null,
    sal_at timestamptz,
    sal_recorded_at timestamptz,
    rep_id text,
    sql_at timestamptz,
    won_at timestamptz,
    lost_at timestamptz
) on commit delete rows;

-- name: create_day_responses
create temp table if not exists day_responses (
    lead_id bigint not null,
    cycle integer not null,
    rep_id text,
    campaign text,
    is_backfill boolean not null,
    mql_at timestamptz not null,
    sal_at timestamptz,
    ended_at timestamptz,
    working_minutes double precision,
    wall_minutes double precision,
    cause text
) on commit delete rows;

-- name: create_day_origins
-- The leads of the day with what they or their first event say of where they come from, as it was sent.
create temp table if not exists day_origins (
    lead_id bigint not null,
    created_at timestamptz not null,
    campaign text,
    source text
) on commit delete rows;

-- name: collect_origins
-- Leads that are only claimed do not count.
insert into day_origins (lead_id, created_at, campaign, source)
select
    leads.lead_id,
    leads.happened_at as created_at,
    leads.campaign,
    leads.source
from mart.leads as leads
where
    leads.happened_at >= %(start)s
    and leads.happened_at < %(until)s
    and leads.lead_id = leads.person_id
    and not leads.is_claimed
    and leads.counts;

-- name: list_sent_names
select campaign
from day_origins
where campaign <> ''
union
select source
from day_origins
where source <> '';

-- name: sync_campaign_names
with wanted as (
    select
        key as name,
        value as campaign
    from jsonb_each_text(%(names)s)
),

gone as (
    delete from analytics.campaign_names
    where not exists (select from wanted where wanted.name = campaign_names.name)
)

insert into analytics.campaign_names (name, campaign)
select
    name,
    campaign
from wanted
on conflict (name) do update
    set campaign = excluded.campaign
    where campaign_names.campaign <> excluded.campaign;

-- name: collect_transitions
-- Of leads that are a person by themselves, by a range of the index on occurred_at. The salesperson is who accepted
-- the lead in its cycle, or else who has it, or else who is named for the stage. `is_single` is a column because the
-- planner takes an anti-join for nearly empty, and chooses nested loops.
with happened as materialized (
    select
        transitions.lead_id,
        transitions.cycle,
        transitions.stage,
        transitions.happened_at as occurred_at,
        transitions.campaign,
        transitions.source,
        transitions.value,
        transitions.is_foreign,
        transitions.is_apart,
        transitions.kpi_version,
        transitions.rep_id,
        not transitions.is_merged and transitions.counts as is_single
    from mart.transitions as transitions
    where transitions.happened_at >= %(start)s and transitions.happened_at < %(until)s
),

-- Of each cycle its MQL and who accepted it. Most are of the day themselves; only those of another day are looked up.
begun as (
    select
        lead_id,
        cycle,
        max(occurred_at) filter (where stage = 'mql') as mql_at,
        max(source) filter (where stage = 'mql') as source,
        bool_or(is_apart) filter (where stage = 'mql') as is_apart,
        max(rep_id) filter (where stage = 'sal') as rep_id,
        bool_or(stage = 'mql') and bool_or(stage = 'sal') as is_whole
    from happened
    where is_single
    group by lead_id, cycle
),

-- One look-up for a cycle, not for each of its stages.
cycles as materialized (
    select
        begun.lead_id,
        begun.cycle,
        coalesce(begun.mql_at, earlier.mql_at) as mql_at,
        coalesce(begun.source, earlier.source) as source,
        coalesce(begun.is_apart, earlier.is_apart, false) as is_apart,
        coalesce(begun.rep_id, earlier.rep_id) as rep_id
    from begun
    cross join
        lateral (
            select
                max(happened_at) filter (where stage = 'mql') as mql_at,
                max(source) filter (where stage = 'mql') as source,
                bool_or(is_apart) filter (where stage = 'mql') as is_apart,
                max(rep_id) filter (where stage = 'sal') as rep_id
            from mart.transitions
            where
                lead_id = begun.lead_id
                and cycle = begun.cycle
                and stage in ('mql', 'sal')
                and not begun.is_whole
        ) as earlier
)

insert into day_transitions
(
    lead_id, cycle, stage, occurred_at, campaign, source, rep_id, value, is_foreign, is_apart, kpi_version,
    mql_at, other_end_at
)
select
    happened.lead_id,
    happened.cycle,
    happened.stage,
    happened.occurred_at,
    coalesce(names.campaign, happened.campaign) as campaign,
    coalesce(happened.source, cycles.source) as source,
    -- Looked up only for a cycle that nobody accepted.
    coalesce(
        cycles.rep_id,
        (
            select owners.rep_id from mart.owners as owners
            where owners.lead_id = happened.lead_id and owners.cycle = happened.cycle
        ),
        happened.rep_id
    ) as rep_id,
    happened.value,
    happened.is_foreign,
    cycles.is_apart,
    happened.kpi_version,
    cycles.mql_at,
    -- A won deal is looked up for its loss, and a lost one for its win.
    case
        when happened.stage in ('won', 'lost')
            then (
                select other.happened_at from mart.transitions as other
                where
                    other.lead_id = happened.lead_id
                    and other.cycle = happened.cycle
                    and other.stage = case happened.stage when 'won' then 'lost' else 'won' end
            )
    end as other_end_at
from happened
inner join cycles on happened.lead_id = cycles.lead_id and happened.cycle = cycles.cycle
left join analytics.campaign_names as names on happened.campaign = names.name
where happened.is_single;

-- name: collect_person_transitions
-- Of leads that turned out to be one person, looked up person by person.
insert into day_transitions
(
    lead_id, cycle, stage, occurred_at, campaign, source, rep_id, value, is_foreign, is_apart, kpi_version,
    mql_at, other_end_at
)
select
    history.person_id,
    history.person_cycle,
    history.stage,
    history.happened_at,
    coalesce(names.campaign, history.campaign) as campaign,
    coalesce(history.source, history.mql_source) as source,
    coalesce(history.sal_rep_id, routed.rep_id, history.rep_id) as rep_id,
    history.value,
    history.is_foreign,
    coalesce(history.mql_is_apart, false) as is_apart,
    history.kpi_version,
    history.mql_at,
    case history.stage when 'won' then history.lost_at when 'lost' then history.won_at end as other_end_at
from (
    select distinct transitions.person_id
    from mart.transitions as transitions
    where
        transitions.is_merged
        and transitions.happened_at >= %(start)s
        and transitions.happened_at < %(until)s
) as touched
cross join
    lateral (
        select
            stages.*,
            max(happened_at) filter (where stage = 'mql') over one_cycle as mql_at,
            max(source) filter (where stage = 'mql') over one_cycle as mql_source,
            max(rep_id) filter (where stage = 'sal') over one_cycle as sal_rep_id,
            bool_or(is_apart) filter (where stage = 'mql') over one_cycle as mql_is_apart,
            max(happened_at) filter (where stage = 'won') over one_cycle as won_at,
            max(happened_at) filter (where stage = 'lost') over one_cycle as lost_at
        from mart.stages
        where person_id = touched.person_id
        window one_cycle as (partition by person_cycle)
    ) as history
left join analytics.campaign_names as names on history.campaign = names.name
left join mart.owners as routed on history.person_id = routed.lead_id and history.person_cycle = routed.cycle
where history.happened_at >= %(start)s and history.happened_at < %(until)s;

-- name: collect_cycles
-- The MQLs of the days that the figures look back over, each with when its cycle first reached the other stages.
-- A stage that precedes its MQL is impossible and counts as not reached. MQLs that are counted apart are left out.
with mqls as materialized (
    select
        transitions.lead_id,
        transitions.cycle,
        transitions.campaign,
        transitions.happened_at,
        transitions.is_backfill and not transitions.is_imported as is_backfill,
        transitions.is_imported,
        transitions.person_id,
        transitions.is_merged,
        not transitions.is_merged and transitions.counts as is_single
    from mart.transitions as transitions
    where
        transitions.stage = 'mql'
        and transitions.happened_at >= %(looks_back_to)s
        and transitions.happened_at < %(until)s
        and not transitions.is_apart
),

persons as materialized (
    select distinct person_id from mqls where is_merged
),

stories as (
    select
        mqls.lead_id,
        mqls.cycle,
        mqls.campaign,
        mqls.is_backfill,
        mqls.is_imported,
        mqls.happened_at as mql_at,
        later.stage,
        later.happened_at,
        later.known_at,
        later.rep_id,
        later.is_imported as is_stage_imported
    from mqls
    -- The MQL is among what happened since it; nothing of that lies before the days looked back over.
    inner join mart.transitions as later
        on
            mqls.lead_id = later.lead_id
            and mqls.cycle = later.cycle
            and mqls.happened_at <= later.happened_at
            and later.happened_at >= %(looks_back_to)s
    where mqls.is_single
    union all
    select
        touched.person_id as lead_id,
        history.person_cycle as cycle,
        history.campaign,
        history.is_backfill,
        history.is_imported,
        history.mql_at,
        history.stage,
        history.happened_at,
        history.known_at,
        history.rep_id,
        history.is_stage_imported
    from persons as touched
    -- Person by person: without `offset` the planner may join all stages with one another first.
    cross join
        lateral (
            select
                stages.person_cycle,
                stages.stage,
                stages.happened_at,
                stages.known_at,
                stages.rep_id,
                stages.is_imported as is_stage_imported,
                max(stages.happened_at) filter (where stages.stage = 'mql') over one_cycle as mql_at,
                max(stages.campaign) filter (where stages.stage = 'mql') over one_cycle as campaign,
                bool_or(stages.is_backfill and not stages.is_imported) filter (where stages.stage = 'mql')
                    over one_cycle as is_backfill,
                bool_or(stages.is_imported) filter (where stages.stage = 'mql') over one_cycle as is_imported,
                bool_or(stages.is_apart) filter (where stages.stage = 'mql') over one_cycle as is_apart
            from mart.stages as stages
            where stages.person_id = touched.person_id
            window one_cycle as (partition by stages.person_cycle)
            order by stages.person_cycle
            offset 0
        ) as history
    where
        history.mql_at >= %(looks_back_to)s
        and history.mql_at < %(until)s
        and history.mql_at <= history.happened_at
        and not history.is_apart
),

cycles as (
    select
        lead_id,
        cycle,
        max(campaign) as campaign,
        bool_or(is_backfill) as is_backfill,
        bool_or(is_imported) as is_imported,
        max(mql_at) as mql_at,
        min(happened_at) filter (where stage = 'sal') as sal_at,
        min(known_at) filter (where stage = 'sal' and not is_stage_imported) as sal_recorded_at,
        min(rep_id) filter (where stage = 'sal') as rep_id,
        min(happened_at) filter (where stage = 'sql') as sql_at,
        min(happened_at) filter (where stage = 'won') as won_at,
        min(happened_at) filter (where stage = 'lost') as lost_at
    from stories
    group by lead_id, cycle
)

insert into day_cycles
(lead_id, cycle, campaign, is_backfill, is_imported, mql_at, sal_at, sal_recorded_at, rep_id, sql_at, won_at, lost_at)
select
    cycles.lead_id,
    cycles.cycle,
    coalesce(names.campaign, cycles.campaign) as campaign,
    cycles.is_backfill,
    cycles.is_imported,
    cycles.mql_at,
    cycles.sal_at,
    cycles.sal_recorded_at,
    cycles.rep_id,
    cycles.sql_at,
    cycles.won_at,
    cycles.lost_at
from cycles
left join analytics.campaign_names as names on cycles.campaign = names.name;

-- name: find_response_bounds
select
    min(mql_at) as first_mql,
    max(sal_at) as last_sal
from day_cycles
where mql_at >= %(responses_from)s;

-- name: measure_responses
-- Minutes from MQL to SAL, elapsed and in working time, and the cause that took the longest part. Routing knows when
-- somebody had the lead; if it knows nothing of the cycle, the time counts as the salesperson's. An imported MQL
-- without a SAL says nothing about waiting: the file may not have that stage.
with clocks as materialized (
    select
        %(working_starts)s::timestamptz[] as working_starts,
        %(working_ends)s::timestamptz[] as working_ends,
        %(working_before)s::double precision[] as working_before,
        %(free_starts)s::timestamptz[] as free_starts,
        %(free_ends)s::timestamptz[] as free_ends,
        %(free_before)s::double precision[] as free_before
),

cycles as (
    select
        cycles.lead_id,
        cycles.cycle,
        cycles.campaign,
        cycles.is_backfill or (cycles.is_imported and cycles.sal_at is null) as is_backfill,
        cycles.mql_at,
        cycles.sal_at,
        least(cycles.sql_at, cycles.won_at, cycles.lost_at) as ended_at,
        coalesce(cycles.rep_id, routed.rep_id) as rep_id,
        extract(epoch from cycles.sal_at - cycles.mql_at) / 60 as wall,
        extract(epoch from cycles.sal_recorded_at - cycles.sal_at) / 60 as feed_late,
        case
            when routed.lead_id is null and assigned.times = 0 then cycles.mql_at
            else greatest(cycles.mql_at, least(assigned.assigned_at, cycles.sal_at))
        end as had_at,
        coalesce(assigned.assigned_at <= cycles.sal_at, false) as was_assigned
    from day_cycles as cycles
    left join mart.owners as routed on cycles.lead_id = routed.lead_id and cycles.cycle = routed.cycle
    cross join
        lateral (
            select
                min(happened_at) filter (where rep_id is not null and why <> 'taken') as assigned_at,
                count(*) as times
            from mart.assignments
            where lead_id = cycles.lead_id and cycle = cycles.cycle
        ) as assigned
    where cycles.mql_at >= %(responses_from)s
),

-- Once for each row, however often the parts below refer to it. Most had somebody at once: nothing to count before.
at_times as materialized (
    select
        cycles.*,
        analytics.count_minutes(mql_at, working_starts, working_ends, working_before) as worked_at_mql,
        case
            when had_at > mql_at
                then analytics.count_minutes(had_at, working_starts, working_ends, working_before)
        end as worked_at_later,
        analytics.count_minutes(sal_at, working_starts, working_ends, working_before) as worked_at_sal,
        analytics.count_minutes(sal_at, free_starts, free_ends, free_before)
        - analytics.count_minutes(mql_at, free_starts, free_ends, free_before) as free
    from cycles
    cross join clocks
),

parts as (
    select
        at_times.*,
        worked_at_sal - worked_at_mql as worked,
        coalesce(worked_at_later, worked_at_mql) - worked_at_mql as waited,
        worked_at_sal - coalesce(worked_at_later, worked_at_mql) as handled,
        wall - free - (worked_at_sal - worked_at_mql) as night,
        case when feed_late > %(feed_late_after)s and not is_backfill then feed_late else 0 end as feed
    from at_times
)

insert into day_responses
(lead_id, cycle, rep_id, campaign, is_backfill, mql_at, sal_at, ended_at, working_minutes, wall_minutes, cause)
select
    lead_id,
    cycle,
    rep_id,
    campaign,
    is_backfill,
    mql_at,
    sal_at,
    ended_at,
    worked,
    wall,
    case
        when sal_at is null then null
        else
            case greatest(free, night, waited, feed, handled)
                when feed then case when feed > 0 then 'feed_late' else 'handling' end
                when free then case when free > 0 then 'holiday' else 'handling' end
                when night then case when night > 0 then 'night' else 'handling' end
                when handled then 'handling'
                else case when was_assigned then 'queue' else 'unassigned' end
            end
    end as cause
from parts;
