-- name: find_external_id
select external_id
from delivery.external_ids
where target = %(target)s and lead_id = %(lead_id)s;

-- name: save_external_id
insert into delivery.external_ids (target, lead_id, external_id, learned_at)
values (%(target)s, %(lead_id)s, %(external_id)s, %(now)s)
on conflict (target, lead_id) do update set external_id = excluded.external_id, learned_at = excluded.learned_at;

-- name: register_external_ids
-- Of several ids of one lead the first in their order counts.
insert into delivery.external_ids (target, lead_id, external_id, learned_at)
select
    %(target)s::text,
    known.lead_id,
    min(known.external_id collate "C"),
    %(now)s::timestamptz
from unnest(%(lead_ids)s::bigint[], %(external_ids)s::text[]) as known (lead_id, external_id)
group by known.lead_id
on conflict (target, lead_id) do nothing;
