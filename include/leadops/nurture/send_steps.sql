-- name: lock_due
-- The first that are due, by the index of those that are active: the cost follows those due.
with due as (
    select
        memberships.membership_id,
        memberships.lead_id,
        memberships.programme,
        memberships.version,
        memberships.cycle,
        memberships.entered_at,
        memberships.next_step,
        memberships.is_held_out
    from nurture.memberships as memberships
    where memberships.state = 'active' and memberships.due_at <= %(now)s
    order by memberships.due_at
    limit %(max_rows)s
    for update skip locked
)

select
    due.membership_id,
    coalesce(people.person_id, due.lead_id) as person_id,
    due.programme,
    due.version,
    due.cycle,
    due.entered_at,
    due.next_step,
    due.is_held_out
from due
left join identity.people as people on due.lead_id = people.lead_id
order by due.entered_at, due.membership_id;

-- name: find_ma_leads
-- The first of a person's leads that the MA has.
select distinct on (members.person_id)
    members.person_id,
    members.lead_id
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join delivery.external_ids as known on members.lead_id = known.lead_id and known.target = %(target)s
where known.state in ('present', 'unaligned')
order by members.person_id asc, members.lead_id asc;

-- name: record_send
-- A step that was decided stays decided; one that quiet hours put off is decided again.
insert into nurture.sends (
    membership_id, step, lead_id, message_key, depth, due_at, stale_at, quiet_from, decided_at, state, reason,
    idempotency_key, tries
)
values (
    %(membership_id)s, %(step)s, %(lead_id)s, %(message_key)s, %(depth)s, %(due_at)s, %(stale_at)s, %(quiet_from)s,
    %(now)s, %(state)s, %(reason)s, %(idempotency_key)s, %(tries)s
)
on conflict (membership_id, step) do update
    set
        lead_id = excluded.lead_id,
        message_key = excluded.message_key,
        depth = excluded.depth,
        due_at = excluded.due_at,
        stale_at = excluded.stale_at,
        quiet_from = excluded.quiet_from,
        decided_at = excluded.decided_at,
        state = excluded.state,
        reason = excluded.reason,
        idempotency_key = excluded.idempotency_key,
        tries = excluded.tries
    where sends.state = 'postponed';

-- name: move_membership
update nurture.memberships
set
    state = %(state)s::text,
    next_step = %(next_step)s,
    due_at = coalesce(%(due_at)s, due_at),
    ended_at = case when %(state)s::text <> 'active' then %(now)s::timestamptz end,
    reason = %(reason)s
where membership_id = %(membership_id)s;
