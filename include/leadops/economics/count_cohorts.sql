-- What became, by the end of the day, of the MQLs of each month. A deal that was lost and then won is won: the
-- later end counts. One that was won before its lead was MQL cannot be; it is left out, and counted as that.
with mqls as (
    select
        lead_id,
        cycle,
        campaign,
        occurred_at,
        date_trunc('month', occurred_at at time zone %(zone)s)::date as month
    from lifecycle.current_transitions
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
group by month, campaign, age, outcome
