-- name: count_cohorts
-- What became of the MQLs of each month by the end of the day. A deal that was lost and then won is won: the later end
-- counts. A deal that was won before its lead became an MQL is impossible; it counts only as left out.
with mqls as (
    select
        person_id,
        person_cycle,
        campaign,
        happened_at,
        date_trunc('month', happened_at at time zone %(zone)s)::date as month
    from mart.stages
    where
        stage = 'mql'
        and is_counted
        and happened_at >= %(since)s
        and happened_at < %(until)s
        and known_at <= %(now)s
),

ends as (
    select distinct on (person_id, person_cycle)
        person_id,
        person_cycle,
        stage,
        value,
        happened_at
    from mart.stages
    where stage in ('won', 'lost') and happened_at < %(until)s and known_at <= %(now)s
    order by person_id asc, person_cycle asc, happened_at desc, stage desc
),

sqls as (
    select
        person_id,
        person_cycle
    from mart.stages
    where stage = 'sql' and happened_at < %(until)s and known_at <= %(now)s
),

followed as (
    select
        mqls.month,
        coalesce(names.campaign, mqls.campaign) as campaign,
        ends.value,
        sqls.person_id is not null as is_sql,
        case
            when ends.stage is null then 'open'
            when ends.stage = 'won' and ends.happened_at < mqls.happened_at then 'impossible'
            else ends.stage
        end as outcome,
        greatest(
            floor(extract(epoch from coalesce(ends.happened_at, %(until)s) - mqls.happened_at) / 86400), 0
        )::integer as age
    from mqls
    left join ends on mqls.person_id = ends.person_id and mqls.person_cycle = ends.person_cycle
    left join sqls on mqls.person_id = sqls.person_id and mqls.person_cycle = sqls.person_cycle
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
    date_trunc('month', won.happened_at at time zone %(zone)s)::date as month,
    coalesce(names.campaign, won.campaign) as campaign,
    count(*) as won,
    coalesce(sum(won.value), 0) as value,
    count(*) filter (where won.value is null and not won.is_foreign) as without_value,
    count(*) filter (where won.value is null and won.is_foreign) as without_rate
from mart.stages as won
left join analytics.campaign_names as names on won.campaign = names.name
where
    won.stage = 'won'
    and won.happened_at >= %(since)s
    and won.happened_at < %(until)s
    and won.known_at <= %(now)s
    and not exists (
        select
        from mart.stages as mql
        where
            mql.person_id = won.person_id
            and mql.person_cycle = won.person_cycle
            and mql.stage = 'mql'
            and mql.happened_at > won.happened_at
    )
    and not exists (
        select
        from mart.stages as lost
        where
            lost.person_id = won.person_id
            and lost.person_cycle = won.person_cycle
            and lost.stage = 'lost'
            and lost.happened_at > won.happened_at
            and lost.happened_at < %(until)s
            and lost.known_at <= %(now)s
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

-- name: find_known_from
-- Since when what is computed now is known: refreshes of a day follow one another, whatever their clocks say.
select greatest(%(now)s, max(known.known_from)) as known_from
from (
    select known_from from economics.months
    where as_of = %(day)s
    union all
    select known_from from economics.monthly_costs
    where as_of = %(day)s
    union all
    select max(known_until) from economics.past_months
    where as_of = %(day)s
) as known;

-- name: find_first_refresh
select min(known.known_from) as known_from
from (
    select known_from from economics.months
    union all
    select known_from from economics.past_months
) as known;

-- name: pass_costs
-- What is replaced is past, unless it was known for no time: a refresh that runs again at once leaves nothing behind.
with passed as (
    delete from economics.monthly_costs
    where as_of = %(day)s
    returning monthly_costs.*
)

insert into economics.past_monthly_costs
select
    passed.*,
    %(known_from)s
from passed
where passed.known_from < %(known_from)s;

-- name: insert_costs
insert into economics.monthly_costs (as_of, month, line, campaign, category, direct, allocated, known_from)
select
    %(day)s::date,
    month,
    line,
    campaign,
    category,
    direct,
    allocated,
    %(known_from)s
from jsonb_populate_recordset(null::economics.monthly_costs, %(rows)s::jsonb);

-- name: pass_months
with passed as (
    delete from economics.months
    where as_of = %(day)s
    returning months.*
)

insert into economics.past_months
select
    passed.*,
    %(known_from)s
from passed
where passed.known_from < %(known_from)s;

-- name: insert_months
insert into economics.months
select row.*
from jsonb_populate_recordset(null::economics.months, %(rows)s::jsonb) as row;

-- name: upsert_cost
insert into economics.costs as known
(month, campaign, category, amount, currency, hours, note, origin, recorded_at)
values (
    %(month)s, %(campaign)s, %(category)s, %(amount)s, %(currency)s, %(hours)s, %(note)s, %(origin)s, %(now)s
)
on conflict (origin) do update set
    month = excluded.month,
    campaign = excluded.campaign,
    category = excluded.category,
    amount = excluded.amount,
    currency = excluded.currency,
    hours = excluded.hours,
    note = excluded.note,
    recorded_at = excluded.recorded_at
where (known.month, known.campaign, known.category, known.amount, known.currency, known.hours, known.note)
is distinct from (
    excluded.month, excluded.campaign, excluded.category, excluded.amount, excluded.currency, excluded.hours,
    excluded.note
);

-- name: find_newest_day
select max(as_of) as as_of
from economics.months
where as_of = coalesce(%(day)s, as_of);

-- name: find_newest_known
-- The same, as it stood just before a moment.
select max(known.as_of) as as_of
from (
    select as_of from economics.months
    where known_from < %(moment)s
    union all
    select as_of from economics.past_months
    where known_from < %(moment)s and known_until >= %(moment)s
) as known
where known.as_of = coalesce(%(day)s, known.as_of);

-- name: list_months
-- Every month as seen at the end of a day; or, of one month, its lines too.
select
    month,
    is_total,
    line,
    campaign,
    cost,
    won,
    value,
    won_without_value,
    won_without_rate,
    costs_without_rate,
    cac,
    mqls,
    cohort_won,
    cohort_open,
    cohort_cac,
    payback_months,
    left_out,
    is_over,
    is_mature,
    maturity_days,
    maturity_source,
    currency
from economics.known_ratios(%(day)s, %(moment)s)
where case when %(month)s::date is null then is_total else month = %(month)s end
order by month, is_total, line, campaign;

-- name: list_categories
-- The costs of each line of a month, by category.
select
    line,
    campaign,
    category,
    direct,
    allocated
from economics.known_costs(%(day)s, %(moment)s)
where month = %(month)s
order by line, campaign, category;
