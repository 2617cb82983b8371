-- The deals won in each month, whenever their leads became MQL; without those won before they were.
select
    date_trunc('month', won.occurred_at at time zone %(zone)s)::date as month,
    coalesce(names.campaign, won.campaign) as campaign,
    count(*) as won,
    coalesce(sum(won.value), 0) as value
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
group by 1, 2
