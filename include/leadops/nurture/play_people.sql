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
