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
        case when sal_at < %(until)s then working_minutes end as working_minutes
    from day_responses
    where mql_at >= %(responses_from)s and mql_at < %(until)s and not is_quiet
),

boxes as (
    select
        case grouping(rep_id, campaign, hour) when 7 then 'all' when 3 then 'rep' when 5 then 'campaign' else 'hour' end
            as dimension,
        coalesce(rep_id, campaign, hour) as key,
        count(*) as mqls,
        count(*) - count(minutes) as open,
        percentile_cont(array[0.25, 0.5, 0.75]) within group (order by minutes) as quartiles,
        percentile_cont(0.5) within group (order by working_minutes) as working_median
    from answers
    group by grouping sets ((), (rep_id), (campaign), (hour))
    having count(*) > 0
),

fenced as (
    select
        boxes.*,
        -- A key that is null is a group of its own; with the sign in front it can be joined.
        coalesce('=' || key, '') as marked,
        quartiles[1] - 1.5 * (quartiles[3] - quartiles[1]) as low_fence,
        quartiles[3] + 1.5 * (quartiles[3] - quartiles[1]) as high_fence
    from boxes
),

placed as (
    select
        fenced.dimension,
        fenced.marked,
        fenced.low_fence,
        fenced.high_fence,
        answers.lead_id,
        answers.cycle,
        answers.cause,
        answers.minutes
    from answers
    cross join
        lateral (
            values
            ('all', ''),
            ('rep', coalesce('=' || answers.rep_id, '')),
            ('campaign', coalesce('=' || answers.campaign, '')),
            ('hour', '=' || answers.hour)
        ) as one (dimension, marked)
    inner join fenced on one.dimension = fenced.dimension and one.marked = fenced.marked
    where answers.minutes is not null
),

whiskers as (
    select
        dimension,
        marked,
        min(minutes) filter (where minutes >= low_fence) as low_whisker,
        max(minutes) filter (where minutes <= high_fence) as high_whisker
    from placed
    group by dimension, marked
),

outside as (
    select
        dimension,
        marked,
        jsonb_agg(
            jsonb_build_object(
                'lead_id', lead_id, 'cycle', cycle, 'minutes', round(minutes::numeric, 1), 'cause', cause
            )
            order by minutes desc, lead_id asc, cycle asc
        ) as outliers
    from placed
    where minutes < low_fence or minutes > high_fence
    group by dimension, marked
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
    whiskers.low_whisker,
    whiskers.high_whisker,
    fenced.working_median,
    coalesce(outside.outliers, '[]')
from fenced
left join whiskers on fenced.dimension = whiskers.dimension and fenced.marked = whiskers.marked
left join outside on fenced.dimension = outside.dimension and fenced.marked = outside.marked
