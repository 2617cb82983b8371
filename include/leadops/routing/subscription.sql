-- name: enqueue_cycles
insert into routing.inbox (lead_id, cycle, why)
select
    *,
    %(why)s::text
from unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[]);
