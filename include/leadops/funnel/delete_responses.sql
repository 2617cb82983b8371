-- With those that have moved here from another day that is not built again yet.
with moved as (
    delete from analytics.response_times
    using day_responses
    where
        response_times.lead_id = day_responses.lead_id
        and response_times.cycle = day_responses.cycle
        and response_times.dt <> %(dt)s
        and day_responses.mql_at >= %(start)s
)

delete from analytics.response_times
where dt = %(dt)s
