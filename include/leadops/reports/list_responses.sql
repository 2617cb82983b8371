-- Every MQL of these days that somebody was told of, with the time until sales took and contacted it, and whether it
-- went on or ended without.
with mqls as (
    select *
    from analytics.response_times
    where dt between %(first_day)s and %(last_day)s and not is_quiet
),

ended as (
    select distinct
        mqls.lead_id,
        mqls.cycle
    from mqls
    inner join lifecycle.current_transitions as later
        on mqls.lead_id = later.lead_id and mqls.cycle = later.cycle and mqls.mql_at <= later.occurred_at
    where mqls.sal_at is null and later.stage in ('sql', 'won', 'lost')
)

select
    responses.campaign,
    responses.working_minutes,
    responses.cause,
    case when %(names)s then coalesce(reps.profile ->> 'name', responses.rep_id) else responses.rep_id end as rep,
    ended.lead_id is not null as has_ended
from mqls as responses
left join ended on responses.lead_id = ended.lead_id and responses.cycle = ended.cycle
left join crm.reps as reps on responses.rep_id = reps.rep_id
order by responses.lead_id, responses.cycle
