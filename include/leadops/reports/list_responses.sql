-- Every MQL of these days that somebody was told of, with the time until sales took and contacted it.
select
    responses.campaign,
    responses.working_minutes,
    responses.cause,
    case when %(names)s then coalesce(reps.profile ->> 'name', responses.rep_id) else responses.rep_id end as rep
from analytics.response_times as responses
left join crm.reps as reps on responses.rep_id = reps.rep_id
where responses.dt between %(first_day)s and %(last_day)s and not responses.is_quiet
order by responses.lead_id, responses.cycle
