-- name: find_merges
select
    merge_id,
    older_lead_id,
    younger_lead_id
from identity.lead_merges
where undone_at is null and (merge_id = %(merge_id)s::bigint or younger_lead_id = %(lead_id)s::bigint)
order by merge_id;

-- name: insert_do_not_merge
insert into identity.do_not_merge (older_lead_id, younger_lead_id, decided_at, decided_by, reason)
values (%(older)s, %(younger)s, %(now)s, %(by)s, %(reason)s)
on conflict (older_lead_id, younger_lead_id) do nothing;
