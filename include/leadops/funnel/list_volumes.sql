select
    days.start_at,
    new_leads.leads,
    stages.mqls,
    stages.sals,
    stages.sqls,
    stages.wons,
    stages.losts
from unnest(%(starts)s::timestamptz[], %(untils)s::timestamptz[]) as days (start_at, until_at)
cross join
    lateral (
        select count(*) as leads from identity.leads
        where created_at >= days.start_at and created_at < days.until_at and merged_into is null
    ) as new_leads
cross join
    lateral (
        select
            count(*) filter (where stage = 'mql') as mqls,
            count(*) filter (where stage = 'sal') as sals,
            count(*) filter (where stage = 'sql') as sqls,
            count(*) filter (where stage = 'won') as wons,
            count(*) filter (where stage = 'lost') as losts
        from lifecycle.current_transitions
        where occurred_at >= days.start_at and occurred_at < days.until_at
    ) as stages
order by days.start_at
