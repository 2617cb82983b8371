-- The MQLs of the days that the figures look back over, each with when its cycle first reached the other stages.
-- A stage that precedes its MQL is impossible and counts as not reached.
with mqls as materialized (
    select
        transitions.lead_id,
        transitions.cycle,
        transitions.campaign,
        transitions.occurred_at,
        coalesce((transitions.evidence ->> 'backfill')::boolean, false)
        and not transitions.evidence ? 'imported' as is_quiet,
        transitions.evidence ? 'imported' as is_imported,
        people.person_id,
        people.person_id is null as is_single
    from lifecycle.transitions as transitions
    left join identity.people as people on transitions.lead_id = people.lead_id
    where
        transitions.stage = 'mql'
        and transitions.occurred_at >= %(looks_back_to)s
        and transitions.occurred_at < %(until)s
),

persons as (
    select distinct person_id from mqls where not is_single
),

stories as (
    select
        mqls.lead_id,
        mqls.cycle,
        mqls.campaign,
        mqls.is_quiet,
        mqls.is_imported,
        mqls.occurred_at as mql_at,
        later.stage,
        later.occurred_at,
        later.recorded_at,
        later.evidence
    from mqls
    -- The MQL is among what happened since it; nothing of that lies before the days looked back over.
    inner join lifecycle.transitions as later
        on
            mqls.lead_id = later.lead_id
            and mqls.cycle = later.cycle
            and mqls.occurred_at <= later.occurred_at
            and later.occurred_at >= %(looks_back_to)s
    where mqls.is_single
    union all
    select
        touched.person_id as lead_id,
        told.cycle,
        told.campaign,
        told.is_quiet,
        told.is_imported,
        told.mql_at,
        told.stage,
        told.occurred_at,
        told.recorded_at,
        told.evidence
    from persons as touched
    cross join
        lateral (
            select
                mql.cycle,
                mql.campaign,
                coalesce((mql.evidence ->> 'backfill')::boolean, false) and not mql.evidence ? 'imported' as is_quiet,
                mql.evidence ? 'imported' as is_imported,
                mql.occurred_at as mql_at,
                later.stage,
                later.occurred_at,
                later.recorded_at,
                later.evidence
            from (select * from lifecycle.current_transitions where lead_id = touched.person_id) as mql
            inner join (select * from lifecycle.current_transitions where lead_id = touched.person_id) as later
                on mql.cycle = later.cycle and mql.occurred_at <= later.occurred_at
            where mql.stage = 'mql'
        ) as told
    where told.mql_at >= %(looks_back_to)s and told.mql_at < %(until)s
),

cycles as (
    select
        lead_id,
        cycle,
        campaign,
        is_quiet,
        is_imported,
        mql_at,
        min(occurred_at) filter (where stage = 'sal') as sal_at,
        min(recorded_at) filter (where stage = 'sal' and not evidence ? 'imported') as sal_recorded_at,
        min(evidence ->> 'rep_id') filter (where stage = 'sal') as rep_id,
        min(occurred_at) filter (where stage = 'sql') as sql_at,
        min(occurred_at) filter (where stage = 'won') as won_at,
        min(occurred_at) filter (where stage = 'lost') as lost_at
    from stories
    group by lead_id, cycle, campaign, is_quiet, is_imported, mql_at
)

insert into day_cycles
(lead_id, cycle, campaign, is_quiet, is_imported, mql_at, sal_at, sal_recorded_at, rep_id, sql_at, won_at, lost_at)
select
    cycles.lead_id,
    cycles.cycle,
    coalesce(names.campaign, cycles.campaign) as campaign,
    cycles.is_quiet,
    cycles.is_imported,
    cycles.mql_at,
    cycles.sal_at,
    cycles.sal_recorded_at,
    cycles.rep_id,
    cycles.sql_at,
    cycles.won_at,
    cycles.lost_at
from cycles
left join analytics.campaign_names as names on cycles.campaign = names.name
