-- Keeps what the model says of each lead, and tells the MA of those that moved far enough. A telling is numbered,
-- so that each is one effect for ever.
with kept as (
    insert into training.predictions as latest
    (lead_id, model_id, as_of, probability, points, parts, told_probability, telling)
    select
        lead_id,
        %(model_id)s,
        %(now)s,
        probability,
        points,
        parts,
        probability as told_probability,
        floor(extract(epoch from %(now)s::timestamptz))::bigint as telling
    from wanted
    on conflict (lead_id) do update
        set
            model_id = excluded.model_id,
            as_of = excluded.as_of,
            probability = excluded.probability,
            points = excluded.points,
            parts = excluded.parts,
            told_probability = case
                when abs(excluded.probability - latest.told_probability) < %(step)s then latest.told_probability
                else excluded.probability
            end,
            telling = latest.telling + case
                when abs(excluded.probability - latest.told_probability) < %(step)s then 0
                else 1
            end
    returning lead_id, told_probability, telling
)

insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
select
    'ma',
    'set_fields',
    lead_id,
    jsonb_build_object('fields', jsonb_build_object('ml_score', round(told_probability::numeric, 4))),
    'ma-ml-score-' || lead_id || '-' || telling,
    1,
    %(now)s
from kept
order by lead_id
on conflict (idempotency_key) do nothing
