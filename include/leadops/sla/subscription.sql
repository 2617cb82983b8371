-- name: enqueue_cycles
insert into sla.inbox (lead_id, cycle, is_regrouped)
select
    *,
    %(is_regrouped)s::boolean
from unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[]);
