-- name: read_model
select body from training.models where model_id = %(model_id)s;

-- name: insert_model
insert into training.models (day, hash, body, trained_at)
values (%(day)s, %(hash)s, %(body)s, %(now)s)
on conflict (hash) do update set hash = excluded.hash
returning model_id;
