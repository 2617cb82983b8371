-- name: create_model_targets
-- The points that the model awards each lead of a range.
create temporary table if not exists model_targets (
    lead_id bigint primary key,
    points integer not null,
    probability double precision not null
) on commit delete rows;

-- name: clear_model_targets
truncate model_targets;

-- name: copy_model_targets
copy model_targets (lead_id, points, probability) from stdin;

-- name: analyze_model_targets
analyze model_targets;

-- name: withdraw_model_points
-- Of the leads in `touched` that count for nothing. A lead that counts again gets them back at night.
with awarded as (
    select
        ledger.lead_id,
        sum(ledger.points)::integer as points
    from touched
    inner join identity.uncounted_leads as uncounted on touched.lead_id = uncounted.lead_id
    inner join scoring.ledger as ledger on touched.lead_id = ledger.lead_id and ledger.kind = 'model'
    group by ledger.lead_id
    having sum(ledger.points) <> 0
),

written as (
    insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, reason)
    select
        awarded.lead_id,
        -awarded.points,
        'model' as dimension,
        'model' as kind,
        'model' as rule,
        %(now)s::timestamptz as occurred_at,
        %(now)s::timestamptz as recorded_at,
        %(lane)s::smallint as lane,
        'model: an ' || uncounted.reason || ' lead, ' || uncounted.entry
    from awarded
    inner join identity.uncounted_leads as uncounted on awarded.lead_id = uncounted.lead_id
    order by awarded.lead_id
    returning lead_id, points
)

update scoring.scores
set model = scores.model + written.points, updated_at = %(now)s
from written
where scores.lead_id = written.lead_id;

-- name: append_model_points
-- Target points minus points awarded so far, for the leads of a range. A lead without a target loses its points. What
-- was written off is not awarded again.
with awarded as (
    select
        lead_id,
        sum(points)::integer as points
    from scoring.ledger
    where kind = 'model' and lead_id > %(after)s and lead_id <= %(up_to)s
    group by lead_id
),

differences as (
    select
        coalesce(targets.lead_id, awarded.lead_id) as lead_id,
        coalesce(targets.points, 0) - coalesce(awarded.points, 0) as points,
        case
            when targets.lead_id is null then 'model: no prediction for this lead any more'
            else 'model ' || %(model_id)s::integer || ': probability ' || to_char(targets.probability, 'FM0.000')
        end as reason
    from model_targets as targets
    full join awarded on targets.lead_id = awarded.lead_id
    where coalesce(targets.points, 0) <> coalesce(awarded.points, 0)
),

written as (
    insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, reason)
    select
        lead_id,
        points,
        'model' as dimension,
        'model' as kind,
        'model' as rule,
        %(now)s::timestamptz as occurred_at,
        %(now)s::timestamptz as recorded_at,
        %(lane)s::smallint as lane,
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
        %(now)s::timestamptz
    from written
    on conflict (lead_id) do update
        set model = scores.model + excluded.model, updated_at = excluded.updated_at
)

select
    count(*)::integer as rows,
    coalesce(sum(points), 0)::integer as points
from written;
