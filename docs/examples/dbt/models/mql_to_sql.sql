-- Of the MQLs of a campaign, how many became SQL so far.
select
    mql.campaign,
    count(*) as mqls,
    count(reached.person_id) as sqls
from {{ source('leadops', 'stages') }} as mql
left join {{ source('leadops', 'stages') }} as reached
    on
        mql.person_id = reached.person_id
        and mql.person_cycle = reached.person_cycle
        and reached.stage = 'sql'
where mql.stage = 'mql' and not mql.is_apart
group by mql.campaign
