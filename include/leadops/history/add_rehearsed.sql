insert into rehearsed (key)
select distinct asked.key
from unnest(%(keys)s::text[]) as asked (key)
on conflict (key) do nothing
returning key
