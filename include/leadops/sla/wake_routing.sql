-- The lead moves on to the next salesperson, where routing finds one.
insert into routing.inbox (lead_id, cycle, why)
select
    late.lead_id,
    late.cycle,
    'breach'
from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as late (lead_id, cycle)
