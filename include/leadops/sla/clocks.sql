-- name: enqueue_cycles
insert into sla.inbox (lead_id, cycle, has_new_person)
select
    *,
    %(has_new_person)s::boolean
from unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[]);

-- name: take_inbox
with taken as (
    delete from sla.inbox
    returning lead_id, cycle
)

select distinct
    lead_id,
    cycle
from taken;

-- name: describe_cycles
-- The target for the first contact is the one that the daily threshold had chosen when the lead became MQL.
select
    mql.lead_id,
    mql.cycle,
    mql.occurred_at as started_at,
    coalesce((mql.evidence ->> 'total')::integer, 0) as total,
    mql.campaign,
    -- A customer's colleague goes to sales without a clock.
    coalesce((mql.evidence ->> 'backfill')::boolean, false)
    or lifecycle.is_apart(mql.evidence) as is_backfill,
    chosen.sla_minutes as first_contact_minutes
from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as asked (lead_id, cycle)
inner join lifecycle.current_transitions as mql
    on asked.lead_id = mql.lead_id and asked.cycle = mql.cycle and mql.stage = 'mql'
left join lateral (
    select thresholds.sla_minutes
    from lifecycle.thresholds as thresholds
    where thresholds.kpi_version = mql.kpi_version and thresholds.effective_at <= mql.occurred_at
    order by thresholds.effective_at desc
    limit 1
) as chosen on true;

-- name: insert_clock
insert into sla.clocks
(lead_id, cycle, clock, started_at, warn_at, due_at, target_minutes, policy, evidence)
values (
    %(lead_id)s, %(cycle)s, %(clock)s, %(started_at)s, %(warn_at)s, %(due_at)s, %(target_minutes)s,
    %(policy)s, %(evidence)s
)
on conflict (lead_id, cycle, clock) do nothing;

-- name: list_outdated_clocks
-- Clocks that have neither run out nor stopped follow today's policy.
select
    clock,
    lead_id,
    cycle
from sla.clocks
where state in ('running', 'at_risk', 'held') and policy <> %(policy)s;

-- name: reset_clock
update sla.clocks
set
    warn_at = %(warn_at)s,
    due_at = %(due_at)s,
    target_minutes = %(target_minutes)s,
    policy = %(policy)s,
    evidence = %(evidence)s
where lead_id = %(lead_id)s and cycle = %(cycle)s and clock = %(clock)s;

-- name: reopen_clocks
-- Clocks not due yet that stopped at something that does not count any more, or counts from a later time.
update sla.clocks
set stopped_at = null, stopped_by = null, business_minutes = null, state = 'running'
from sla.find_stops(%(leads)s::bigint[], %(cycles)s::integer[]) as stops
where
    clocks.clock_id = stops.clock_id
    and clocks.due_at > %(now)s
    and clocks.stopped_at < coalesce(least(stops.done_at, stops.ended_at), 'infinity');

-- name: list_stops
-- A clock stops at what it waits for or at the end of the cycle, whichever came first.
select
    clocks.clock_id,
    clocks.started_at,
    least(stops.done_at, stops.ended_at) as stopped_at,
    case when stops.done_at <= coalesce(stops.ended_at, 'infinity') then 'contact' else 'end of cycle' end as stopped_by
from sla.find_stops(%(leads)s::bigint[], %(cycles)s::integer[]) as stops
inner join sla.clocks as clocks on stops.clock_id = clocks.clock_id
where
    least(stops.done_at, stops.ended_at) is not null
    and (clocks.stopped_at is null or clocks.stopped_at > least(stops.done_at, stops.ended_at));

-- name: stop_clock
update sla.clocks
set stopped_at = %(stopped_at)s, stopped_by = %(stopped_by)s, business_minutes = %(business_minutes)s
where clock_id = %(clock_id)s;

-- name: upsert_breach
-- A clock that was met without ever having warned needs no row.
insert into sla.breaches (
    lead_id, cycle, clock, state, started_at, due_at, stopped_at, business_minutes, target_minutes, changed_at,
    evidence
)
select
    %(lead_id)s, %(cycle)s, %(clock)s, %(state)s, %(started_at)s, %(due_at)s, %(stopped_at)s,
    %(business_minutes)s, %(target_minutes)s, %(now)s, %(evidence)s
where
    %(state)s <> 'met'
    or exists (
        select 1 from sla.breaches
        where lead_id = %(lead_id)s and cycle = %(cycle)s and clock = %(clock)s
    )
on conflict (lead_id, cycle, clock) do update
    set
        state = excluded.state,
        started_at = excluded.started_at,
        due_at = excluded.due_at,
        stopped_at = excluded.stopped_at,
        business_minutes = excluded.business_minutes,
        target_minutes = excluded.target_minutes,
        changed_at = excluded.changed_at,
        evidence = excluded.evidence
    where
    (breaches.state, breaches.due_at, breaches.stopped_at, breaches.business_minutes, breaches.evidence)
    is distinct from (
        excluded.state, excluded.due_at, excluded.stopped_at, excluded.business_minutes, excluded.evidence
    );

-- name: wake_routing
-- The lead moves on to the next salesperson, if routing finds one.
insert into routing.inbox (lead_id, cycle, why)
select
    late.lead_id,
    late.cycle,
    'breach'
from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as late (lead_id, cycle);

-- name: measure_median
select
    count(*) as leads,
    percentile_cont(0.5) within group (order by business_minutes) as minutes
from sla.clocks
where clock = 'sal' and stopped_by = 'contact' and stopped_at > %(since)s and stopped_at <= %(now)s;

-- name: read_median_state
-- Only the median has no lead.
select
    state,
    started_at as since
from sla.breaches
where lead_id = 0;

-- name: delete_waiting
delete from sla.inbox
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_clocks
delete from sla.clocks
where lead_id = any(%(lead_ids)s::bigint[]) and state in ('running', 'at_risk', 'held', 'breached');

-- name: delete_breaches
delete from sla.breaches
where lead_id = any(%(lead_ids)s::bigint[]) and state in ('at_risk', 'held', 'breached');

-- name: clear_clocks
update sla.clocks
set evidence = erased.clear_json(evidence, %(pattern)s)
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_breaches
update sla.breaches
set evidence = erased.clear_json(evidence, %(pattern)s)
where lead_id = any(%(lead_ids)s::bigint[]);
