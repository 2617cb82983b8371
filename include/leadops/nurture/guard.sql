-- name: list_waiting
select
    sends.idempotency_key,
    sends.membership_id,
    coalesce(people.person_id, memberships.lead_id) as person_id,
    memberships.programme,
    memberships.version,
    memberships.entered_at,
    memberships.state,
    memberships.reason,
    sends.state as send_state,
    sends.stale_at,
    sends.quiet_from,
    exists(
        select from nurture.sends as later
        where later.membership_id = sends.membership_id and later.state = 'queued' and later.due_at > sends.due_at
    ) as is_overtaken
from nurture.sends as sends
inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id
left join identity.people as people on memberships.lead_id = people.lead_id
where sends.idempotency_key = any(%(keys)s::text[]);

-- name: withhold_send
update nurture.sends
set
    state = case when %(is_postponed)s then 'postponed' else 'withheld' end,
    reason = %(reason)s
where idempotency_key = %(key)s and state = 'queued';

-- name: stop_membership
-- Whoever has an exit leaves the programme, unless it was over. A step that is decided again is the next one.
update nurture.memberships
set
    state = case when %(is_postponed)s then 'active' else 'exited' end,
    next_step = case when %(is_postponed)s then sends.step end,
    due_at = case when %(is_postponed)s then %(now)s else memberships.due_at end,
    ended_at = case when %(is_postponed)s then null else %(now)s::timestamptz end,
    reason = case when %(is_postponed)s then null else %(reason)s::text end
from nurture.sends as sends
where
    sends.idempotency_key = %(key)s
    and sends.membership_id = memberships.membership_id
    and (
        (%(ends)s and memberships.state = 'active')
        or (%(is_postponed)s and memberships.state in ('active', 'finished'))
    );
