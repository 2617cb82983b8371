-- Points wanted minus points given, for the leads of a range. A lead of which the model says nothing any more is
-- given none. What was written off is not given again.
with given as (
    select
        lead_id,
        sum(points)::integer as points
    from scoring.ledger
    where kind = 'model' and lead_id > %(after)s and lead_id <= %(up_to)s
    group by lead_id
),

differences as (
    select
        coalesce(wanted.lead_id, given.lead_id) as lead_id,
        coalesce(wanted.points, 0) - coalesce(given.points, 0) as points,
        case
            when wanted.lead_id is null then 'model: it says nothing of the lead any more'
            else 'model ' || %(model_id)s || ': chance ' || to_char(wanted.probability, 'FM0.000')
        end as reason
    from wanted
    full join given on wanted.lead_id = given.lead_id
    where coalesce(wanted.points, 0) <> coalesce(given.points, 0)
),

written as (
    insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, reason)
    select
        lead_id,
        points,
        'model',
        'model',
        'model',
        %(now)s as occurred_at,
        %(now)s as recorded_at,
        1 as lane,
        reason
    from differences
    order by lead_id
    returning lead_id, points
),

summed as (
    insert into scoring.scores (lead_id, model, updated_at)
    select
        lead_id,
        points,
        %(now)s
    from written
    on conflict (lead_id) do update
        set model = scores.model + excluded.model, updated_at = excluded.updated_at
)

select
    count(*) as written,
    coalesce(sum(points), 0) as points
from written
