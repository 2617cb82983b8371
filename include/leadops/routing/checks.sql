-- name: list_overdue_queues
-- Leads that have waited in their queue for too long, by queue.
select
    queue,
    count(*) as leads,
    min(alarm_at) as alarm_at,
    min(qualified_at) as oldest_at,
    (array_agg(lead_id order by alarm_at, lead_id))[1:5] as lead_ids
from routing.leads
where state = 'queued' and alarm_at <= %(now)s
group by queue
order by queue;

-- name: list_unprofiled
select
    count(*) as reps,
    min(since) as since,
    (array_agg(rep_id order by since, rep_id))[1:5] as rep_ids
from routing.unprofiled_reps
having count(*) > 0;
