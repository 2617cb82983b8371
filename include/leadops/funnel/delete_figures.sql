with summaries as (
    delete from analytics.response_time_summaries
    where dt = %(dt)s
)

delete from analytics.lead_times
where dt = %(dt)s
