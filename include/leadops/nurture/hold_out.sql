-- name: read_key
select hash_key from nurture.hash_keys;
