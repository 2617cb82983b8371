-- Where no cost is on record it is unknown what a deal cost: no CAC, where a cost of 0 would make it free.
alter table economics.months alter column cost drop not null;
comment on column economics.months.cost is 'Null: no cost is on record';
update economics.months
set cost = null
where
    months.cost = 0
    and not exists (
        select from economics.monthly_costs as borne
        where
            borne.as_of = months.as_of
            and borne.month = months.month
            and borne.line = months.line
            and borne.campaign is not distinct from months.campaign
    );
