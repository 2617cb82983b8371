-- name: delete_moved_times
-- MQLs that move here from another day that is not built again yet.
delete from analytics.response_times
using day_responses
where
    response_times.lead_id = day_responses.lead_id
    and response_times.cycle = day_responses.cycle
    and response_times.dt <> %(dt)s
    and day_responses.mql_at >= %(start)s;

-- name: delete_response_times
-- What is gone or has changed. What is as it was stays: a day that is built again writes little.
delete from analytics.response_times as known
where
    known.dt = %(dt)s
    and not exists (
        select from day_responses as responses
        where
            known.lead_id = responses.lead_id
            and known.cycle = responses.cycle
            and responses.mql_at >= %(start)s
            and (
                known.rep_id, known.campaign, known.mql_at, known.sal_at, known.ended_at, known.working_minutes,
                known.wall_minutes, known.local_hour, known.cause, known.is_backfill
            ) is not distinct from (
                responses.rep_id,
                responses.campaign,
                responses.mql_at,
                responses.sal_at,
                case when responses.sal_at is null then responses.ended_at end,
                responses.working_minutes,
                responses.wall_minutes,
                extract(hour from responses.mql_at at time zone %(zone)s)::smallint,
                responses.cause,
                responses.is_backfill
            )
    );

-- name: insert_response_times
-- In the order of the index, which is faster.
insert into analytics.response_times
(
    lead_id, cycle, rep_id, campaign, mql_at, sal_at, ended_at, working_minutes, wall_minutes, local_hour, cause,
    is_backfill, dt
)
select
    lead_id,
    cycle,
    rep_id,
    campaign,
    mql_at,
    sal_at,
    case when sal_at is null then ended_at end,
    working_minutes,
    wall_minutes,
    extract(hour from mql_at at time zone %(zone)s),
    cause,
    is_backfill,
    %(dt)s
from day_responses as responses
where
    mql_at >= %(start)s
    and not exists (
        select from analytics.response_times as known
        where known.dt = %(dt)s and known.lead_id = responses.lead_id and known.cycle = responses.cycle
    )
order by lead_id, cycle;

-- name: delete_response_summaries
delete from analytics.response_time_summaries where dt = %(dt)s;

-- name: insert_response_summaries
-- Tukey's box: quartiles (with interpolation), whiskers to the last value within 1.5 times their distance. One row of
-- a group is one MQL; the groups are all, each rep, each campaign and each hour.
with answers as materialized (
    select
        lead_id,
        cycle,
        rep_id,
        campaign,
        extract(hour from mql_at at time zone %(zone)s)::text as hour,
        cause,
        case when sal_at < %(until)s then wall_minutes end as minutes,
        case when sal_at < %(until)s then working_minutes end as working_minutes,
        coalesce(least(sal_at, ended_at) < %(until)s, false) as is_over
    from day_responses
    where mql_at >= %(responses_from)s and mql_at < %(until)s and not is_backfill
),

boxes as (
    select
        case grouping(rep_id, campaign, hour) when 7 then 'all' when 3 then 'rep' when 5 then 'campaign' else 'hour' end
            as dimension,
        coalesce(rep_id, campaign, hour) as key,
        count(*) as mqls,
        count(*) filter (where not is_over) as open,
        percentile_cont(array[0.25, 0.5, 0.75]) within group (order by minutes) as quartiles,
        percentile_cont(0.5) within group (order by working_minutes) as working_median,
        array_agg(minutes order by minutes) filter (where minutes is not null) as sorted
    from answers
    group by grouping sets ((), (rep_id), (campaign), (hour))
    having count(*) > 0
),

fenced as (
    select
        boxes.dimension,
        boxes.key,
        boxes.mqls,
        boxes.open,
        boxes.quartiles,
        boxes.working_median,
        -- A key that is null is a group of its own; with the sign in front it can be joined.
        coalesce('=' || boxes.key, '') as marked,
        fences.low as low_fence,
        fences.high as high_fence,
        -- In order, the number of those up to a fence is the place of the last of them.
        case
            when boxes.sorted[width_bucket(fences.low, boxes.sorted)] = fences.low then fences.low
            else boxes.sorted[width_bucket(fences.low, boxes.sorted) + 1]
        end as low_whisker,
        boxes.sorted[width_bucket(fences.high, boxes.sorted)] as high_whisker
    from boxes
    cross join
        lateral (
            select
                quartiles[1] - 1.5 * (quartiles[3] - quartiles[1]) as low,
                quartiles[3] + 1.5 * (quartiles[3] - quartiles[1]) as high
        ) as fences
),

-- Few are outside of any fence; only those are compared with each of theirs.
far as (
    select *
    from answers
    where minutes < (select max(low_fence) from fenced) or minutes > (select min(high_fence) from fenced)
),

outside as (
    select
        fenced.dimension,
        fenced.marked,
        jsonb_agg(
            jsonb_build_object(
                'lead_id', far.lead_id,
                'cycle', far.cycle,
                'minutes', round(far.minutes::numeric, 1),
                'cause', far.cause
            )
            order by far.minutes desc, far.lead_id asc, far.cycle asc
        ) as outliers
    from far
    cross join
        lateral (
            values
            ('all', ''),
            ('rep', coalesce('=' || far.rep_id, '')),
            ('campaign', coalesce('=' || far.campaign, '')),
            ('hour', '=' || far.hour)
        ) as one (dimension, marked)
    inner join fenced on one.dimension = fenced.dimension and one.marked = fenced.marked
    where far.minutes < fenced.low_fence or far.minutes > fenced.high_fence
    group by fenced.dimension, fenced.marked
)

insert into analytics.response_time_summaries
(
    dt, dimension, key, mqls, open, median_minutes, q1_minutes, q3_minutes, low_whisker_minutes,
    high_whisker_minutes, working_median_minutes, outliers
)
select
    %(dt)s,
    fenced.dimension,
    fenced.key,
    fenced.mqls,
    fenced.open,
    fenced.quartiles[2],
    fenced.quartiles[1],
    fenced.quartiles[3],
    fenced.low_whisker,
    fenced.high_whisker,
    fenced.working_median,
    coalesce(outside.outliers, '[]')
from fenced
left join outside on fenced.dimension = outside.dimension and fenced.marked = outside.marked;
