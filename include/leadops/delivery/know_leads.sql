-- Of several ids of one lead the first in their order counts.
insert into delivery.external_ids (target, lead_id, external_id, learned_at)
select
    %(target)s,
    given.lead_id,
    min(given.external_id collate "C"),
    %(now)s
from unnest(%(leads)s::bigint[], %(ids)s::text[]) as given (lead_id, external_id)
group by given.lead_id
on conflict (target, lead_id) do nothing
