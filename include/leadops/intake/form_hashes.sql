-- name: read_hash_key
select hash_key from intake.hash_keys;
