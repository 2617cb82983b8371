-- name: list_unaligned
select
    external_id as ma_id,
    min(lead_id) as lead_id,
    min(reason) as reason
from delivery.external_ids
where
    target = %(target)s
    and state = 'unaligned'
    and (%(only_reason)s::text is null or reason = %(only_reason)s)
    and coalesce(not_before, %(now)s) <= %(now)s
group by external_id
order by min(changed_at), min(lead_id)
limit %(max_rows)s;

-- name: postpone
update delivery.external_ids
set not_before = %(until)s
where target = %(target)s and external_id = %(external_id)s and state = 'unaligned';

-- name: mark_present
update delivery.external_ids
set state = 'present', changed_at = %(now)s, reason = null, not_before = null
where target = %(target)s and external_id = %(external_id)s;

-- name: mark_found
update delivery.external_ids
set reason = %(there)s, not_before = %(until)s
where target = %(target)s and external_id = %(external_id)s and state = 'unaligned';

-- name: absorb_held
-- The points of these rows are in the total.
delete from delivery.held_deltas as held
using delivery.external_ids as known
where
    known.target = %(target)s
    and known.external_id = %(external_id)s
    and held.target = known.target
    and held.lead_id = known.lead_id
returning held.lane;
