-- Keeps what the model says of each lead, and tells the MA of those that moved far enough. A telling is numbered,
-- so that each is one effect for ever.
with kept as (
    insert into training.predictions as latest
    (lead_id, model_id, as_of, probability, points, parts, told_probability, times_told)
    select
        lead_id,
        %(model_id)s,
        %(now)s,
        probability,
        points,
        parts,
        probability as told_probability,
        1 as times_told
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
            times_told = latest.times_told + case
                when abs(excluded.probability - latest.told_probability) < %(step)s then 0
                else 1
            end
    returning lead_id, told_probability, times_told
)

insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
select
    'ma',
    'set_fields',
    lead_id,
    jsonb_build_object('fields', jsonb_build_object('ml_score', round(told_probability::numeric, 4))),
    'ma-ml-score-' || lead_id || '-' || times_told,
    1,
    %(now)s
from kept
order by lead_id
on conflict (idempotency_key) do nothing
