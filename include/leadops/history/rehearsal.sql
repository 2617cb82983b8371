-- name: create_rehearsed_keys
create temporary table if not exists rehearsed_keys (key text primary key);

-- name: add_rehearsed_keys
insert into rehearsed_keys (key)
select distinct asked.key
from unnest(%(keys)s::text[]) as asked (key)
on conflict (key) do nothing
returning key;

-- name: drop_rehearsed_keys
drop table rehearsed_keys;
