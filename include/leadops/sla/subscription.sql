-- name: enqueue_cycles
insert into sla.inbox (lead_id, cycle, has_new_person)
select
    *,
    %(has_new_person)s::boolean
from unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[]);
