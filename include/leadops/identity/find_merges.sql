select
    merge_id,
    older_lead_id,
    younger_lead_id
from identity.lead_merges
where undone_at is null and (merge_id = %(merge_id)s::bigint or younger_lead_id = %(lead_id)s::bigint)
order by merge_id
