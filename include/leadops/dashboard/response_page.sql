-- name: list_answers
-- The answers that took exactly these minutes of working time, and how often the lead moved on to another salesperson
-- before.
select
    answers.lead_id,
    answers.cycle,
    answers.working_minutes as minutes,
    answers.rep_id as rep,
    answers.campaign,
    answers.local_hour::text as hour,
    answers.cause,
    answers.mql_at,
    answers.sal_at,
    answers.wall_minutes,
    (
        select count(*) from mart.assignments as moves
        where
            moves.lead_id = answers.lead_id
            and moves.cycle = answers.cycle
            and moves.cause = 'breach'
            and moves.happened_at <= answers.sal_at
    )::integer as moves
from analytics.response_times as answers
where
    answers.dt between %(first_day)s and %(last_day)s
    and not answers.is_backfill
    and answers.working_minutes = any(%(minutes)s::double precision[]);
