-- name: clear_facts
with cleared as (
    update incidents.incidents
    set facts = regexp_replace(facts::text, %(pattern)s::text, '[erased]', 'gi')::jsonb
    where facts::text ~* %(pattern)s::text
    returning message_id
)

select distinct message_id
from cleared
where message_id is not null
order by message_id;
