-- name: list_people
-- Who did something since a moment by which people enter, or was in a programme then.
select distinct coalesce(people.person_id, resolved.lead_id) as person_id
from cdp.events as events
inner join identity.resolved_events as resolved on events.seq = resolved.event_seq
left join identity.people as people on resolved.lead_id = people.lead_id
where events.received_at >= %(since)s and events.event = any(%(events)s::text[])
union
select coalesce(people.person_id, memberships.lead_id) as person_id
from nurture.memberships as memberships
left join identity.people as people on memberships.lead_id = people.lead_id
where
    memberships.entered_at < %(since)s
    and (memberships.ended_at is null or memberships.ended_at >= %(since)s)
order by person_id;

-- name: list_sent
select
    memberships.programme,
    sends.step,
    (sends.decided_at at time zone %(zone)s)::date as day,
    count(*) as sends
from nurture.sends as sends
inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id
where sends.state = 'queued' and sends.decided_at >= %(since)s and sends.decided_at < %(until)s
group by memberships.programme, sends.step, day
order by memberships.programme, sends.step, day;

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

-- name: list_past
-- Memberships that began before a moment, and what of them was decided before it.
select
    memberships.membership_id,
    members.person_id,
    memberships.lead_id,
    memberships.programme,
    memberships.version,
    memberships.cycle,
    memberships.entered_at,
    memberships.entry_event_seq,
    memberships.is_held_out,
    coalesce(memberships.ended_at >= %(since)s, true) as is_running,
    array(
        select sends.step from nurture.sends as sends
        where
            sends.membership_id = memberships.membership_id
            and sends.decided_at < %(since)s
            and sends.state <> 'postponed'
        order by sends.step
    ) as done
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join nurture.memberships as memberships on members.lead_id = memberships.lead_id
where memberships.entered_at < %(since)s
order by memberships.membership_id;
