-- Tukey's box: quartiles (with interpolation), whiskers to the last value within 1.5 times their distance.
with answers as (
    select
        day_responses.lead_id,
        day_responses.cycle,
        day_responses.cause,
        one.dimension,
        -- A key that is null is a group of its own; with the sign in front it can be joined.
        coalesce('=' || one.key, '') as marked,
        case when day_responses.sal_at < %(until)s then day_responses.wall_minutes end as minutes,
        case when day_responses.sal_at < %(until)s then day_responses.working_minutes end as working_minutes
    from day_responses
    cross join
        lateral (
            values
            ('all', null),
            ('rep', day_responses.rep_id),
            ('campaign', day_responses.campaign),
            ('hour', extract(hour from day_responses.mql_at at time zone %(zone)s)::text)
        ) as one (dimension, key)
    where
        day_responses.mql_at >= %(responses_from)s
        and day_responses.mql_at < %(until)s
        and not day_responses.is_quiet
),

boxes as (
    select
        dimension,
        marked,
        count(*) as mqls,
        count(*) - count(minutes) as open,
        percentile_cont(array[0.25, 0.5, 0.75]) within group (order by minutes) as quartiles,
        percentile_cont(0.5) within group (order by working_minutes) as working_median
    from answers
    group by dimension, marked
),

fenced as (
    select
        boxes.*,
        quartiles[1] - 1.5 * (quartiles[3] - quartiles[1]) as low_fence,
        quartiles[3] + 1.5 * (quartiles[3] - quartiles[1]) as high_fence
    from boxes
)

insert into analytics.response_time_summaries
(
    dt, dimension, key, mqls, open, median_minutes, q1_minutes, q3_minutes, low_whisker_minutes,
    high_whisker_minutes, working_median_minutes, outliers
)
select
    %(dt)s,
    fenced.dimension,
    nullif(substr(fenced.marked, 2), ''),
    fenced.mqls,
    fenced.open,
    fenced.quartiles[2],
    fenced.quartiles[1],
    fenced.quartiles[3],
    min(answers.minutes) filter (where answers.minutes >= fenced.low_fence),
    max(answers.minutes) filter (where answers.minutes <= fenced.high_fence),
    fenced.working_median,
    coalesce(
        jsonb_agg(
            jsonb_build_object(
                'lead_id', answers.lead_id, 'cycle', answers.cycle,
                'minutes', round(answers.minutes::numeric, 1), 'cause', answers.cause
            )
            order by answers.minutes desc, answers.lead_id asc, answers.cycle asc
        ) filter (where answers.minutes < fenced.low_fence or answers.minutes > fenced.high_fence),
        '[]'
    )
from fenced
inner join answers on fenced.dimension = answers.dimension and fenced.marked = answers.marked
group by
    fenced.dimension, fenced.marked, fenced.mqls, fenced.open, fenced.quartiles, fenced.working_median,
    fenced.low_fence, fenced.high_fence
