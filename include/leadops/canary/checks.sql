-- name: list_late_hops
-- By hop: since when the first visit there has been late, how many are, and when one last came through.
select
    hops.hop,
    min(hops.begins_at + make_interval(secs => 60 * hops.limit_minutes)) as since,
    min(hops.begins_at) as begins_at,
    count(*) as visits,
    max(hops.limit_minutes) as limit_minutes,
    (array_agg(hops.problem order by hops.visit_id desc))[1] as problem,
    (
        select max(earlier.done_at) from canary.hops as earlier
        where earlier.hop = hops.hop
    ) as last_good_at
from canary.hops as hops
inner join canary.visits as visits on hops.visit_id = visits.visit_id and visits.ended_at is null
where
    hops.done_at is null
    and hops.begins_at + make_interval(secs => 60 * hops.limit_minutes) < %(now)s::timestamptz
group by hops.hop
order by hops.hop;
