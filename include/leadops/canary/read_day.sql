-- name: summarise_hops
-- By hop: how long the hops that began in the span took, and how many are open. Spans are seconds.
with begun as (
    select
        hops.hop,
        hops.limit_minutes,
        hops.done_at,
        hops.begins_at,
        visits.ended_at,
        case
            when hops.done_at is not null then greatest(extract(epoch from hops.done_at - hops.begins_at), 0)
        end::double precision as seconds
    from canary.hops as hops
    inner join canary.visits as visits on hops.visit_id = visits.visit_id
    where hops.begins_at >= %(start)s::timestamptz and hops.begins_at < %(until)s::timestamptz
)

select
    hop,
    count(*) as visits,
    count(*) filter (where done_at is null and ended_at is null) as open_visits,
    count(*) filter (
        where coalesce(done_at, %(now)s::timestamptz) > begins_at + make_interval(secs => 60 * limit_minutes)
    ) as late_visits,
    percentile_cont(0.5) within group (order by seconds) as median,
    percentile_cont(0.95) within group (order by seconds) as high,
    max(seconds) as longest,
    (array_agg(seconds order by done_at desc nulls last))[1] as newest,
    max(done_at) as last_at,
    (array_agg(60 * limit_minutes order by begins_at desc))[1] as limit_seconds,
    max(
        case
            when done_at is null and ended_at is null then extract(epoch from %(now)s::timestamptz - begins_at)
        end
    )::double precision as waiting
from begun
group by hop;

-- name: list_hours
-- By hop and hour of the span: the longest time, open hops included.
select
    hops.hop,
    floor(extract(epoch from hops.begins_at - %(start)s::timestamptz) / 3600)::integer as hour,
    max(
        greatest(
            extract(
                epoch from
                coalesce(hops.done_at, least(visits.ended_at, %(now)s::timestamptz)) - hops.begins_at
            ), 0
        )
    )::double precision as longest
from canary.hops as hops
inner join canary.visits as visits on hops.visit_id = visits.visit_id
where hops.begins_at >= %(start)s::timestamptz and hops.begins_at < %(until)s::timestamptz
group by hops.hop, hour
order by hops.hop, hour;
