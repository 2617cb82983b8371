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
