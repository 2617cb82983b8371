-- Economics: what was spent, month by month, and what it brought.
create schema economics;

create table economics.costs (
    cost_id bigint generated always as identity primary key,
    month date not null check (extract(day from month) = 1),
    campaign text check (char_length(campaign) between 1 and 100),
    category text not null check (
        category in ('ads', 'events', 'content', 'subscriptions', 'implementation', 'sales_hours')
    ),
    amount numeric(18, 2),
    hours numeric(12, 2),
    note text not null default '',
    origin text not null unique check (char_length(origin) <= 300),
    recorded_at timestamptz not null,
    currency text check (currency ~ '^[A-Z]{3}$'),
    check (amount is not null or (category = 'sales_hours' and hours is not null))
);
comment on column economics.costs.month is 'Its first day; the month that the cost belongs to';
comment on column economics.costs.campaign is 'Null: for all campaigns';
comment on column economics.costs.amount is 'Negative: a credit. Null: priced by its hours';
comment on column economics.costs.currency is
'Of the amount; null: the company''s. Another one counts at the rate of the month';
comment on column economics.costs.hours is 'Of salespeople; without an amount priced by economics.yaml';
comment on column economics.costs.origin is 'Where the row comes from; the same origin again is the same cost';
create index costs_month on economics.costs (month);

-- As seen at the end of the local day as_of; each day is written whole. A line is a campaign, the leads that
-- have none ('no_campaign'), or costs that no campaign is to bear ('shared').
create table economics.monthly_costs (
    as_of date not null,
    month date not null,
    line text not null check (line in ('campaign', 'no_campaign', 'shared')),
    campaign text check ((line = 'campaign') = (campaign is not null)) check (char_length(campaign) <= 100),
    category text not null,
    direct numeric(18, 2) not null,
    allocated numeric(18, 2) not null,
    known_from timestamptz not null default now(),
    unique nulls not distinct (as_of, month, line, campaign, category)
);
comment on column economics.monthly_costs.direct is
'Booked on the campaign itself; shared: what could not be allocated';
comment on column economics.monthly_costs.allocated is 'Its part of the costs that are for all campaigns';

create table economics.months (
    as_of date not null,
    month date not null,
    line text not null check (line in ('campaign', 'no_campaign', 'shared')),
    campaign text check ((line = 'campaign') = (campaign is not null)) check (char_length(campaign) <= 100),
    cost numeric(18, 2),
    won integer not null,
    value numeric(18, 2) not null,
    won_without_value integer not null,
    mqls integer not null,
    cohort_sqls integer not null,
    cohort_won integer not null,
    cohort_valued integer not null,
    cohort_value numeric(18, 2) not null,
    cohort_lost integer not null,
    cohort_open integer not null,
    left_out integer not null,
    is_over boolean not null,
    is_mature boolean not null,
    maturity_days integer not null,
    maturity_source text not null check (maturity_source in ('measured', 'setting')),
    gross_margin numeric not null,
    value_months numeric not null,
    currency text not null,
    won_without_rate integer not null,
    costs_without_rate integer not null,
    known_from timestamptz not null default now(),
    unique nulls not distinct (as_of, month, line, campaign)
);
-- Where no cost is on record it is unknown what a deal cost: no CAC, where a cost of 0 would make it free.
comment on column economics.months.cost is 'Null: no cost is on record';
comment on column economics.months.won is 'Deals won in the month, whenever their leads became MQL';
comment on column economics.months.won_without_value is 'Those of them whose value is unknown: value is too low';
comment on column economics.months.won_without_rate is
'Deals won in another currency, of which the month has no rate: their value is left out';
comment on column economics.months.costs_without_rate is
'Costs in another currency that are left out for the same reason';
comment on column economics.months.mqls is 'The cohort: the MQLs of the month; what became of them by as_of follows';
comment on column economics.months.cohort_valued is 'Won deals of the cohort whose value is known';
comment on column economics.months.left_out is 'Won before they were MQL, which cannot be: counted nowhere else';
comment on column economics.months.is_over is 'The whole month lies before the end of as_of';
comment on column economics.months.is_mature is
'Its youngest lead is older than maturity_days: hardly any deal is still to come';

-- What a refresh replaces moves here.
create table economics.past_months (
    like economics.months including constraints,
    known_until timestamptz not null,
    check (known_from <= known_until)
);
comment on table economics.past_months is 'Months as they were before a later refresh, and from when until when';
create index past_months_as_of on economics.past_months (as_of, known_until);

create table economics.past_monthly_costs (
    like economics.monthly_costs including constraints,
    known_until timestamptz not null,
    check (known_from <= known_until)
);
comment on table economics.past_monthly_costs is 'Costs of months as they were before a later refresh, and until when';
create index past_monthly_costs_as_of on economics.past_monthly_costs (as_of, known_until);

create function economics.known_costs(day date, moment timestamptz) returns setof economics.monthly_costs
language sql stable as $$
    select as_of, month, line, campaign, category, direct, allocated, known_from
    from economics.monthly_costs
    where as_of = day and (moment is null or known_from < moment)
    union all
    select as_of, month, line, campaign, category, direct, allocated, known_from
    from economics.past_monthly_costs
    where as_of = day and known_from < moment and known_until >= moment
$$;
comment on function economics.known_costs is 'Of a day, as they stood just before a moment; null: as they stand now';

-- Every ratio in one place: for each line, and (is_total) for the month; as they stood just before the moment, or now.
create function economics.known_ratios(day date, moment timestamptz)
returns table (
    as_of date, month date, is_total boolean, line text, campaign text, cost numeric, won bigint, value numeric,
    won_without_value bigint, won_without_rate bigint, costs_without_rate bigint, mqls bigint, cohort_sqls bigint,
    cohort_won bigint, cohort_valued bigint, cohort_value numeric, cohort_lost bigint, cohort_open bigint,
    left_out bigint, is_over boolean, is_mature boolean, maturity_days integer, maturity_source text,
    gross_margin numeric, value_months numeric, currency text, cac numeric, cohort_cac numeric, payback_months numeric
) language sql stable as $$
    with sums as (
        select
            as_of,
            month,
            grouping(line) = 1 as is_total,
            line,
            campaign,
            sum(cost) as cost,
            sum(won) as won,
            sum(value) as value,
            sum(won_without_value) as won_without_value,
            sum(won_without_rate) as won_without_rate,
            sum(costs_without_rate) as costs_without_rate,
            sum(mqls) as mqls,
            sum(cohort_sqls) as cohort_sqls,
            sum(cohort_won) as cohort_won,
            sum(cohort_valued) as cohort_valued,
            sum(cohort_value) as cohort_value,
            sum(cohort_lost) as cohort_lost,
            sum(cohort_open) as cohort_open,
            sum(left_out) as left_out,
            bool_and(is_over) as is_over,
            bool_and(is_mature) as is_mature,
            max(maturity_days) as maturity_days,
            max(maturity_source) as maturity_source,
            max(gross_margin) as gross_margin,
            max(value_months) as value_months,
            max(currency) as currency
        from (
            select months.*, null::timestamptz as known_until
            from economics.months as months
            where months.as_of = day and (moment is null or months.known_from < moment)
            union all
            select past.*
            from economics.past_months as past
            where past.as_of = day and past.known_from < moment and past.known_until >= moment
        ) as known
        group by grouping sets ((as_of, month, line, campaign), (as_of, month))
    )

    select
        sums.*,
        round(cost / nullif(won, 0), 2) as cac,
        round(cost / nullif(cohort_won, 0), 2) as cohort_cac,
        round(
            cost / nullif(cohort_won, 0)
            / nullif(cohort_value / nullif(cohort_valued, 0) * gross_margin / value_months, 0),
            1
        ) as payback_months
    from sums
$$;

create view economics.ratios as
select ratios.*
from (select distinct months.as_of from economics.months as months) as days
cross join lateral economics.known_ratios(days.as_of, null) as ratios;
comment on view economics.ratios is 'cac: per deal won in the month; cohort_cac, payback_months: per deal of its MQLs';

-- Published tables: mart.inbox is made in 0028_marts.sql.
create function economics.publish_costs() returns trigger language plpgsql as $$
begin
    insert into mart.inbox (mart, id) select 'costs', changed.cost_id from changed;
    return null;
end $$;
create trigger publish_new_costs after insert on economics.costs
referencing new table as changed for each statement execute function economics.publish_costs();
create trigger publish_changed_costs after update on economics.costs
referencing new table as changed for each statement execute function economics.publish_costs();
create trigger publish_gone_costs after delete on economics.costs
referencing old table as changed for each statement execute function economics.publish_costs();
