-- name: delete_attributes
delete from history.attributes
where lead_id = any(%(lead_ids)s::bigint[]);
