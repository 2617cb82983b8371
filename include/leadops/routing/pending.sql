-- name: enqueue_cycles
insert into routing.inbox (lead_id, cycle, why)
select
    *,
    %(why)s::text
from unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[]);

-- name: take_inbox
-- Oldest entry first. One row per cycle is enough, because a run decides on the whole cycle.
with due as (
    select inbox_id
    from routing.inbox
    order by inbox_id
    limit %(max_cycles)s
    for update skip locked
),

taken as (
    delete from routing.inbox
    using due
    where inbox.inbox_id = due.inbox_id
    returning inbox.inbox_id, inbox.lead_id, inbox.cycle, inbox.why
)

select
    lead_id,
    cycle,
    bool_or(why = 'breach') as is_breach,
    max(inbox_id) filter (where why = 'merge') as merge_number
from taken
group by lead_id, cycle;

-- name: is_inbox_empty
select not exists (select from routing.inbox) as is_empty;

-- name: list_pending_cycles
-- What sales did is known up to the feed's as_of, or to the first activity that lifecycle has not read yet.
with known as (
    select
        least(
            feeds.as_of,
            (
                select min(activities.occurred_at)
                from lifecycle.inbox as inbox
                inner join crm.activities as activities on inbox.activity_id = activities.activity_id
                where inbox.not_before is null
            )
        ) as until
    from crm.feeds as feeds
    where feeds.feed = 'activities'
),

arrived as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[], %(breaches)s::boolean[]) as arrived (
        lead_id, cycle, is_breach
    )
)

select
    lead_id,
    cycle,
    bool_or(is_breach) as is_breach,
    bool_or(is_due) as is_due
from (
    select
        arrived.lead_id,
        arrived.cycle,
        arrived.is_breach,
        false as is_due
    from arrived
    union all
    select
        queued.lead_id,
        queued.cycle,
        false as is_breach,
        false as is_due
    from routing.leads as queued
    where queued.state = 'queued'
    union all
    select
        due.lead_id,
        due.cycle,
        false as is_breach,
        true as is_due
    from routing.leads as due
    where due.recheck_at is not null and due.recheck_at <= least(%(now)s, (select until from known))
) as cycles
group by lead_id, cycle;

-- name: describe_leads
with pending as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[], %(breaches)s::boolean[], %(dues)s::boolean[])
        as pending (lead_id, cycle, is_breach, is_due)
)

select
    pending.lead_id,
    pending.cycle,
    pending.is_breach,
    pending.is_due,
    mql.occurred_at as qualified_at,
    coalesce((mql.evidence ->> 'backfill')::boolean, false) as is_backfill,
    own.account as routed_account,
    companies.account_id,
    own.state,
    own.rep_id,
    own.queue,
    coalesce(own.moves, 0) as moves,
    coalesce(own.overdue, false) as overdue,
    coalesce(earlier.times, 0) as assignment_count,
    coalesce(earlier.reps, '{}') as previous_owners,
    sales.contact_at is not null as is_contacted,
    sales.accepted_by,
    sales.ended_at is not null or coalesce(stages.has_ended, false) as has_ended,
    coalesce(
        (select min(known.holder_id) from lifecycle.crm_leads as known where known.lead_id = pending.lead_id),
        joined.created_id,
        pending.lead_id
    ) as crm_lead_id,
    coalesce(joined.leads, array[pending.lead_id]) as member_ids,
    jsonb_strip_nulls(coalesce(traits.facts, '{}') || jsonb_build_object('campaign', mql.campaign)) as traits
from pending
inner join lifecycle.current_transitions as mql
    on pending.lead_id = mql.lead_id and pending.cycle = mql.cycle and mql.stage = 'mql'
left join routing.leads as own on pending.lead_id = own.lead_id and pending.cycle = own.cycle
left join lateral (
    select known_accounts.account_id
    from identity.person_accounts as known_accounts
    where known_accounts.lead_id = pending.lead_id
    order by known_accounts.account_id
    limit 1
) as companies on true
left join lateral (
    select
        array_agg(others.lead_id) as leads,
        min(others.lead_id) filter (
            where exists (
                select from delivery.outbox as creating
                where
                    creating.lead_id = others.lead_id
                    and creating.target = 'crm'
                    and creating.operation = 'create_lead'
                    and creating.state in ('pending', 'sending', 'done')
            )
        ) as created_id
    from identity.people as others
    where others.person_id = pending.lead_id
) as joined on true
left join lateral (
    select jsonb_object_agg(known_traits.trait, known_traits.value #>> '{}') as facts
    from identity.person_traits as known_traits
    where known_traits.lead_id = pending.lead_id
) as traits on true
left join lateral (
    select
        count(*) filter (
            where assignments.lead_id = pending.lead_id and assignments.cycle = pending.cycle
        ) as times,
        array_agg(distinct assignments.rep_id) filter (where assignments.rep_id is not null) as reps
    from routing.assignments as assignments
    left join lifecycle.person_cycles as numbers
        on assignments.lead_id = numbers.lead_id and assignments.cycle = numbers.cycle
    where
        assignments.lead_id = any(coalesce(joined.leads, array[pending.lead_id]))
        and pending.cycle in (numbers.person_cycle, assignments.cycle)
) as earlier on true
left join lateral (
    select
        min(facts.occurred_at) filter (where facts.fact = 'contact') as contact_at,
        min(facts.rep_id) filter (where facts.fact = 'taken') as accepted_by,
        min(facts.occurred_at) filter (where facts.fact in ('won', 'lost')) as ended_at
    from lifecycle.facts as facts
    where facts.lead_id = pending.lead_id and facts.cycle = pending.cycle
) as sales on true
-- Imported history is not assigned to anybody.
left join lateral (
    select
        bool_or(transitions.stage = 'mql' and not transitions.evidence ? 'imported') as is_live,
        bool_or(transitions.stage in ('won', 'lost')) as has_ended
    from lifecycle.transitions as transitions
    left join lifecycle.person_cycles as numbers
        on transitions.lead_id = numbers.lead_id and transitions.cycle = numbers.cycle
    where
        transitions.lead_id = any(coalesce(joined.leads, array[pending.lead_id]))
        and coalesce(numbers.person_cycle, transitions.cycle) = pending.cycle
) as stages on true
where own.lead_id is not null or stages.is_live
order by mql.occurred_at asc, pending.lead_id asc, pending.cycle asc;

-- name: read_loads
-- Since midnight of each salesperson's own zone (today), and in the window that shares are measured over (served).
select
    asked.rep_id,
    count(*) filter (where assignments.assigned_at >= asked.day_start and not assignments.is_backfill) as today,
    count(*) filter (where assignments.assigned_at > %(since)s and not assignments.is_backfill) as served,
    count(*) filter (where assignments.assigned_at > %(since)s and assignments.is_backfill) as backfill_served,
    max(assignments.assigned_at) filter (where not assignments.is_backfill) as last_at,
    max(assignments.assigned_at) filter (where assignments.is_backfill) as last_backfill_at
from unnest(%(reps)s::text[], %(day_starts)s::timestamptz[]) as asked (rep_id, day_start)
left join routing.assignments as assignments
    on
        asked.rep_id = assignments.rep_id
        and assignments.assigned_at > least(asked.day_start - interval '1 microsecond', %(since)s)
group by asked.rep_id;

-- name: read_account_owners
select
    account,
    rep_id
from routing.accounts
where account = any(%(accounts)s::text[]);

-- name: list_reps
select
    rep_id,
    profile
from crm.reps
order by rep_id;

-- name: record_unprofiled
-- Nothing is written where nothing has changed.
with gone as (
    delete from routing.unprofiled_reps
    where rep_id <> all(%(rep_ids)s::text[])
)

insert into routing.unprofiled_reps (rep_id, since)
select
    rep_id,
    %(now)s::timestamptz
from unnest(%(rep_ids)s::text[]) as unprofiled (rep_id)
on conflict (rep_id) do nothing;

-- name: list_overdue_queues
-- Leads that have waited in their queue for too long, by queue.
select
    queue,
    count(*) as leads,
    min(alarm_at) as alarm_at,
    min(qualified_at) as oldest_at,
    (array_agg(lead_id order by alarm_at, lead_id))[1:5] as lead_ids
from routing.leads
where state = 'queued' and alarm_at <= %(now)s
group by queue
order by queue;

-- name: list_unprofiled
select
    count(*) as reps,
    min(since) as since,
    (array_agg(rep_id order by since, rep_id))[1:5] as rep_ids
from routing.unprofiled_reps
having count(*) > 0;

-- name: list_assignments
select
    assignments.cycle,
    assignments.number,
    assignments.assigned_at,
    assignments.rep_id,
    assignments.queue,
    assignments.why,
    assignments.cause,
    assignments.rule,
    assignments.is_backfill,
    assignments.waited_minutes,
    assignments.facts,
    assignments.passed_over,
    assignments.rules,
    notices.state as notice,
    notices.settled_at as notified_at,
    notices.reason as notice_reason,
    notices.withdrawn_because
from routing.assignments as assignments
left join routing.notices as notices on assignments.assignment_id = notices.assignment_id
where
    -- A list, and no `or`, so that only these leads are looked up.
    assignments.lead_id in (
        select people.lead_id from identity.people as people where people.person_id = %(lead_id)s
        union
        select %(lead_id)s
    )
order by assignments.cycle asc, assignments.assigned_at asc, assignments.number asc;

-- name: is_imported
-- Whether every MQL of the lead comes from an import.
select coalesce(bool_and(mql.evidence ? 'imported'), false) as is_imported
from lifecycle.current_transitions as mql
where mql.lead_id = %(lead_id)s and mql.stage = 'mql';

-- name: list_past_mqls
-- Live MQLs of a time span, with the facts known today.
select
    mql.lead_id,
    mql.occurred_at as qualified_at,
    companies.account_id,
    jsonb_strip_nulls(coalesce(traits.facts, '{}') || jsonb_build_object('campaign', mql.campaign)) as traits
from lifecycle.current_transitions as mql
left join lateral (
    select known_accounts.account_id
    from identity.person_accounts as known_accounts
    where known_accounts.lead_id = mql.lead_id
    order by known_accounts.account_id
    limit 1
) as companies on true
left join lateral (
    select jsonb_object_agg(known_traits.trait, known_traits.value #>> '{}') as facts
    from identity.person_traits as known_traits
    where known_traits.lead_id = mql.lead_id
) as traits on true
where
    mql.stage = 'mql'
    and mql.occurred_at > %(since)s
    and mql.occurred_at <= %(now)s
    and not coalesce((mql.evidence ->> 'backfill')::boolean, false)
order by mql.occurred_at asc, mql.lead_id asc, mql.cycle asc;
