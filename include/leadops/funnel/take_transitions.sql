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
        people.person_id
    from lifecycle.transitions as transitions
    left join identity.people as people on transitions.lead_id = people.lead_id
    where transitions.occurred_at >= %(start)s and transitions.occurred_at < %(until)s
),

singles as (
    select
        happened.lead_id,
        happened.cycle,
        happened.stage,
        happened.occurred_at,
        happened.campaign,
        coalesce(happened.source, mql.source) as source,
        happened.value,
        happened.kpi_version,
        mql.occurred_at as mql_at,
        other.occurred_at as other_end_at
    from happened
    left join lifecycle.transitions as mql
        on happened.lead_id = mql.lead_id and happened.cycle = mql.cycle and mql.stage = 'mql'
    left join lifecycle.transitions as other
        on
            happened.lead_id = other.lead_id
            and happened.cycle = other.cycle
            and other.stage = case happened.stage when 'won' then 'lost' when 'lost' then 'won' end
    where happened.person_id is null
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
    from (select distinct person_id from happened where person_id is not null) as touched
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
)

insert into day_transitions
(lead_id, cycle, stage, occurred_at, campaign, source, value, kpi_version, mql_at, reason)
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
