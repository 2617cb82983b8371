delete from analytics.response_times
where dt = %(dt)s
