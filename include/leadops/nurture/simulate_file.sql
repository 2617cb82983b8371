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
