-- name: count_cohorts
-- What became of the MQLs of each month by the end of the day. A deal that was lost and then won is won: the later end
-- counts. A deal that was won before its lead became an MQL is impossible; it counts only as left out.
with mqls as (
    select
        lead_id,
        cycle,
        campaign,
        occurred_at,
        date_trunc('month', occurred_at at time zone %(zone)s)::date as month
    from lifecycle.counted_transitions
    where
        stage = 'mql'
        and occurred_at >= %(since)s
        and occurred_at < %(until)s
        and recorded_at <= %(now)s
),

ends as (
    select distinct on (lead_id, cycle)
        lead_id,
        cycle,
        stage,
        value,
        occurred_at
    from lifecycle.current_transitions
    where stage in ('won', 'lost') and occurred_at < %(until)s and recorded_at <= %(now)s
    order by lead_id asc, cycle asc, occurred_at desc, stage desc
),

sqls as (
    select
        lead_id,
        cycle
    from lifecycle.current_transitions
    where stage = 'sql' and occurred_at < %(until)s and recorded_at <= %(now)s
),

followed as (
    select
        mqls.month,
        coalesce(names.campaign, mqls.campaign) as campaign,
        ends.value,
        sqls.lead_id is not null as is_sql,
        case
            when ends.stage is null then 'open'
            when ends.stage = 'won' and ends.occurred_at < mqls.occurred_at then 'impossible'
            else ends.stage
        end as outcome,
        greatest(
            floor(extract(epoch from coalesce(ends.occurred_at, %(until)s) - mqls.occurred_at) / 86400), 0
        )::integer as age
    from mqls
    left join ends on mqls.lead_id = ends.lead_id and mqls.cycle = ends.cycle
    left join sqls on mqls.lead_id = sqls.lead_id and mqls.cycle = sqls.cycle
    left join analytics.campaign_names as names on mqls.campaign = names.name
)

select
    month,
    campaign,
    age,
    outcome,
    count(*) as leads,
    count(*) filter (where is_sql) as sqls,
    count(value) as valued,
    coalesce(sum(value), 0) as value
from followed
group by month, campaign, age, outcome;

-- name: count_won
-- The deals won in each month, whenever their leads became MQLs; not those won before their lead became one.
select
    date_trunc('month', won.occurred_at at time zone %(zone)s)::date as month,
    coalesce(names.campaign, won.campaign) as campaign,
    count(*) as won,
    coalesce(sum(won.value), 0) as value,
    count(*) filter (where won.value is null and not won.evidence ? 'currency') as without_value,
    count(*) filter (where won.value is null and won.evidence ? 'currency') as without_rate
from lifecycle.current_transitions as won
left join analytics.campaign_names as names on won.campaign = names.name
where
    won.stage = 'won'
    and won.occurred_at >= %(since)s
    and won.occurred_at < %(until)s
    and won.recorded_at <= %(now)s
    and not exists (
        select
        from lifecycle.current_transitions as mql
        where
            mql.lead_id = won.lead_id
            and mql.cycle = won.cycle
            and mql.stage = 'mql'
            and mql.occurred_at > won.occurred_at
    )
    and not exists (
        select
        from lifecycle.current_transitions as lost
        where
            lost.lead_id = won.lead_id
            and lost.cycle = won.cycle
            and lost.stage = 'lost'
            and lost.occurred_at > won.occurred_at
            and lost.occurred_at < %(until)s
            and lost.recorded_at <= %(now)s
    )
group by month, coalesce(names.campaign, won.campaign);

-- name: list_costs
-- Every cost of these months that was known at the time; renamed campaigns have their current name.
select
    costs.month,
    coalesce(names.campaign, costs.campaign) as campaign,
    costs.category,
    costs.amount,
    costs.hours,
    costs.currency
from economics.costs as costs
left join analytics.campaign_names as names on costs.campaign = names.name
where costs.month between %(first)s and %(month)s and costs.recorded_at <= %(now)s
order by costs.cost_id;

-- name: delete_costs
delete from economics.monthly_costs where as_of = %(day)s;

-- name: insert_costs
insert into economics.monthly_costs (as_of, month, line, campaign, category, direct, allocated)
select
    %(day)s::date,
    month,
    line,
    campaign,
    category,
    direct,
    allocated
from jsonb_populate_recordset(null::economics.monthly_costs, %(rows)s::jsonb);

-- name: delete_months
delete from economics.months where as_of = %(day)s;

-- name: insert_months
insert into economics.months
select row.*
from jsonb_populate_recordset(null::economics.months, %(rows)s::jsonb) as row;
