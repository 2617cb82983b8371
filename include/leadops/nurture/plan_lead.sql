-- name: list_memberships
-- Of all leads of a person, the oldest first.
select
    memberships.membership_id,
    memberships.lead_id,
    memberships.programme,
    memberships.version,
    memberships.cycle,
    memberships.entered_at,
    memberships.is_held_out,
    memberships.state,
    memberships.reason,
    memberships.next_step,
    memberships.due_at
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join nurture.memberships as memberships on members.lead_id = memberships.lead_id
order by memberships.entered_at, memberships.membership_id;

-- name: list_sends
-- What was decided for the person, the newest first; the outbox keeps an enrolment for some days.
select
    memberships.programme,
    memberships.cycle,
    sends.step,
    sends.decided_at,
    sends.state,
    sends.reason,
    sends.message_key,
    sends.depth,
    outbox.state as delivery
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join nurture.memberships as memberships on members.lead_id = memberships.lead_id
inner join nurture.sends as sends on memberships.membership_id = sends.membership_id
left join delivery.outbox as outbox on sends.idempotency_key = outbox.idempotency_key
order by sends.decided_at desc, memberships.membership_id desc, sends.due_at desc;
