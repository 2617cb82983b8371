-- name: lock_due
-- The first that are due, by the index of those that are active: the cost follows those due.
with due as (
    select
        memberships.membership_id,
        memberships.lead_id,
        memberships.programme,
        memberships.version,
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
    due.entered_at,
    due.next_step,
    due.is_held_out
from due
left join identity.people as people on due.lead_id = people.lead_id
order by due.entered_at, due.membership_id;

-- name: list_stale
-- Enrolments in the outbox that are stale before any call was made: the MA never knew the lead, or was away.
select sends.idempotency_key
from delivery.outbox as effects
inner join nurture.sends as sends on effects.idempotency_key = sends.idempotency_key
where
    effects.target = %(target)s and effects.state = 'pending' and effects.operation = %(operation)s
    and sends.state = 'queued' and sends.stale_at <= %(now)s
order by effects.outbox_id
limit %(max_rows)s;

-- name: withhold_stale
update nurture.sends
set state = 'withheld', reason = 'stale'
where idempotency_key = any(%(keys)s::text[]) and state = 'queued';

-- name: find_ma_leads
-- The first of a person's leads that the MA has.
select distinct on (members.person_id)
    members.person_id,
    members.lead_id
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join delivery.external_ids as known on members.lead_id = known.lead_id and known.target = %(target)s
where known.state in ('present', 'unaligned')
order by members.person_id asc, members.lead_id asc;

-- name: number_enrolments
-- The cycle of each enrolment: how often its lead in the MA got the step, this time included, by whatever membership of
-- whichever of our leads. So no two enrolments of the lead are the same for the MA, whatever was joined and split.
with asked as (
    select
        listed.*,
        coalesce(known.external_id, 'lead ' || listed.lead_id) as record
    from
        unnest(
            %(membership_ids)s::bigint[], %(programmes)s::text[], %(steps)s::text[], %(lead_ids)s::bigint[]
        ) as listed (membership_id, programme, step, lead_id)
    left join delivery.external_ids as known on listed.lead_id = known.lead_id and known.target = %(target)s
)

select
    asked.membership_id,
    asked.step,
    (
        earlier.cycle + row_number() over (
            partition by asked.record, asked.programme, asked.step
            order by asked.membership_id
        )
    )::integer as cycle
from asked
cross join
    lateral (
        select coalesce(max(sends.cycle), 0) as cycle
        from (
            select asked.lead_id
            union
            select others.lead_id
            from delivery.external_ids as others
            where others.target = %(target)s and others.external_id = asked.record
        ) as sharing
        inner join nurture.sends as sends on sharing.lead_id = sends.lead_id and sends.state = 'queued'
        inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id
        where
            sends.step = asked.step
            and sends.membership_id <> asked.membership_id
            and memberships.programme = asked.programme
    ) as earlier;

-- name: record_send
-- A step that was decided stays decided; one that quiet hours put off is decided again.
insert into nurture.sends (
    membership_id, step, lead_id, message_key, depth, due_at, stale_at, quiet_from, decided_at, state, reason,
    idempotency_key, cycle, tries
)
values (
    %(membership_id)s, %(step)s, %(lead_id)s, %(message_key)s, %(depth)s, %(due_at)s, %(stale_at)s, %(quiet_from)s,
    %(now)s, %(state)s, %(reason)s, %(idempotency_key)s, %(cycle)s, %(tries)s
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
        cycle = excluded.cycle,
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

-- name: list_waiting
select
    sends.idempotency_key,
    sends.membership_id,
    coalesce(people.person_id, memberships.lead_id) as person_id,
    memberships.entered_at,
    array(select jsonb_array_elements_text(begun.body -> 'programme' -> 'exits')) as exits,
    (
        select newest.body is null from nurture.programmes as newest
        where newest.programme = memberships.programme
        order by newest.version desc
        limit 1
    ) as is_removed,
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
inner join nurture.programmes as begun
    on memberships.programme = begun.programme and memberships.version = begun.version
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
