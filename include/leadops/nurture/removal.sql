-- name: delete_waiting
delete from nurture.inbox
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: end_memberships
update nurture.memberships
set state = 'exited', ended_at = %(now)s, reason = 'erased', next_step = null
where lead_id = any(%(lead_ids)s::bigint[]) and state = 'active';
