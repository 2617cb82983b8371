-- name: begin_points
insert into training.progress as newest (as_of)
values (%(now)s)
on conflict (is_only) do update set as_of = greatest(newest.as_of, excluded.as_of);

-- name: is_superseded
select as_of > %(now)s::timestamptz as is_superseded from training.progress;

-- name: find_range
-- The last of the next leads, so that a chunk is a range of ids.
select max(lead_id)
from (
    select lead_id
    from mart.leads
    where lead_id > %(after)s
    order by lead_id
    limit %(chunk)s
) as next;

-- name: create_new_predictions
-- The model's predictions for the leads of a chunk.
create temporary table if not exists new_predictions (
    lead_id bigint primary key,
    probability double precision not null,
    points integer not null,
    parts integer[] not null
) on commit delete rows;

-- name: clear_new_predictions
truncate new_predictions;

-- name: copy_new_predictions
copy new_predictions (lead_id, probability, points, parts) from stdin;

-- name: analyze_new_predictions
analyze new_predictions;

-- name: upsert_predictions
-- A probability that moved by less than the step is not sent again. Each one that is sent gets a number, which makes
-- its idempotency key unique.
insert into training.predictions as latest
(lead_id, model_id, as_of, probability, points, parts, sent_probability, sent_number)
select
    lead_id,
    %(model_id)s::integer,
    %(now)s::timestamptz,
    probability,
    points,
    parts,
    probability as sent_probability,
    floor(extract(epoch from %(now)s::timestamptz))::bigint as sent_number
from new_predictions
on conflict (lead_id) do update
    set
        model_id = excluded.model_id,
        as_of = excluded.as_of,
        probability = excluded.probability,
        points = excluded.points,
        parts = excluded.parts,
        sent_probability = case
            when abs(excluded.probability - latest.sent_probability) < %(step)s then latest.sent_probability
            else excluded.probability
        end,
        sent_number = latest.sent_number + case
            when abs(excluded.probability - latest.sent_probability) < %(step)s then 0
            else 1
        end;

-- name: enqueue_ml_scores
-- What was sent before has its key in the outbox, so only what moved is added.
insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
select
    'ma' as target,
    'set_fields' as operation,
    predictions.lead_id,
    jsonb_build_object(
        'fields', jsonb_build_object('ml_score', round(predictions.sent_probability::numeric, 4))
    ) as payload,
    'ma-ml-score-' || predictions.lead_id || '-' || predictions.sent_number as idempotency_key,
    %(lane)s::smallint as lane,
    %(now)s::timestamptz as created_at
from training.predictions as predictions
inner join new_predictions on predictions.lead_id = new_predictions.lead_id
order by predictions.lead_id
on conflict (idempotency_key) do nothing;

-- name: delete_predictions
delete from training.predictions
where
    lead_id > %(after)s
    and lead_id <= %(up_to)s
    and not exists (select from new_predictions where new_predictions.lead_id = predictions.lead_id);

-- name: forget_person
delete from training.predictions
where lead_id = any(%(lead_ids)s::bigint[]);
