delete from training.predictions
where
    lead_id > %(after)s
    and lead_id <= %(up_to)s
    and not exists (select from wanted where wanted.lead_id = predictions.lead_id)
