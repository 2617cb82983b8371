-- name: delete_predictions
delete from training.predictions
where lead_id = any(%(lead_ids)s::bigint[]);
