-- name: describe_outliers
-- When these MQLs were answered, and how often they moved on to another salesperson before that.
select
    answers.lead_id,
    answers.cycle,
    answers.mql_at,
    answers.sal_at,
    answers.wall_minutes,
    (
        select count(*) from routing.assignments as moves
        where
            moves.lead_id = answers.lead_id
            and moves.cycle = answers.cycle
            and moves.cause = 'breach'
            and moves.assigned_at <= answers.sal_at
    )::integer as moves
from unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[]) as asked (lead_id, cycle)
inner join analytics.response_times as answers on asked.lead_id = answers.lead_id and asked.cycle = answers.cycle;
