-- Economics: what was spent, month by month, and what it brought.
create schema economics;

create table economics.costs (
    cost_id bigint generated always as identity primary key,
    month date not null check (extract(day from month) = 1),
    campaign text check (campaign <> ''),
    category text not null check (
        category in ('ads', 'events', 'content', 'subscriptions', 'implementation', 'sales_hours')
    ),
    amount numeric(18, 2),
    hours numeric(12, 2),
    note text not null default '',
    origin text not null unique,
    recorded_at timestamptz not null,
    check (amount is not null or (category = 'sales_hours' and hours is not null))
);
comment on column economics.costs.month is 'Its first day; the month that the cost belongs to';
comment on column economics.costs.campaign is 'Null: for all campaigns';
comment on column economics.costs.amount is 'In the company''s currency; negative: a credit. Null: priced by its hours';
comment on column economics.costs.hours is 'Of salespeople; without an amount priced by economics.yaml';
comment on column economics.costs.origin is 'Where the row comes from; the same origin again is the same cost';
create index costs_month on economics.costs (month);
