-- name: find_merge
select
    older_lead_id,
    younger_lead_id
from identity.lead_merges
where undone_at is null and merge_id = %(merge_id)s::bigint;

-- name: insert_do_not_merge
insert into identity.do_not_merge (older_lead_id, younger_lead_id, decided_at, decided_by, reason)
values (%(older)s, %(younger)s, %(now)s, %(by)s, %(reason)s)
on conflict (older_lead_id, younger_lead_id) do nothing;

-- name: insert_kept_tie
insert into identity.kept_ties (
    lead_id, kind, value, other_lead_id, other_kind, other_value, split_lead_id, decided_at, decided_by, reason
)
values (
    %(lead)s, %(kind)s, %(value)s, %(other_lead)s, %(other_kind)s, %(other_value)s, %(split_lead)s, %(now)s, %(by)s,
    %(reason)s
)
on conflict (lead_id, other_lead_id, split_lead_id) do update
    set
        kind = excluded.kind,
        value = excluded.value,
        other_kind = excluded.other_kind,
        other_value = excluded.other_value,
        decided_at = excluded.decided_at,
        decided_by = excluded.decided_by,
        reason = excluded.reason;
