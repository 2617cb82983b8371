update identity.lead_merges
set undone_at = %(now)s, undone_by = %(undone_by)s, undone_because = %(undone_because)s
from unnest(%(older)s::bigint[], %(younger)s::bigint[]) as undone (older_lead_id, younger_lead_id)
where
    lead_merges.older_lead_id = undone.older_lead_id
    and lead_merges.younger_lead_id = undone.younger_lead_id
    and lead_merges.undone_at is null
