-- name: explain_model
select
    predictions.model_id,
    predictions.as_of,
    predictions.probability,
    predictions.points,
    predictions.parts,
    jsonb_path_query_array(models.body, '$.encodings[*].name') as names,
    coalesce((
        select sum(ledger.points)::integer from scoring.ledger as ledger
        where ledger.lead_id = predictions.lead_id and ledger.kind = 'write_off' and ledger.dimension = 'model'
    ), 0) as written_off
from training.predictions as predictions
inner join training.models as models on predictions.model_id = models.model_id
where predictions.lead_id = %(lead_id)s;
