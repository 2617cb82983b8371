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
with touched as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as touched (lead_id, cycle)
),

known as (
    select
        facts.lead_id,
        facts.cycle,
        min(facts.occurred_at) filter (where facts.fact = 'contact') as contact_at,
        min(facts.occurred_at) filter (where facts.fact = 'taken') as taken_at,
        min(facts.occurred_at) filter (where facts.fact in ('won', 'lost')) as ended_at
    from lifecycle.facts as facts
    inner join touched on facts.lead_id = touched.lead_id and facts.cycle = touched.cycle
    group by facts.lead_id, facts.cycle
),

stops as (
    select
        clocks.clock_id,
        known.ended_at,
        case clocks.clock
            when 'first_contact' then known.contact_at
            -- greatest() ignores nulls, but both are needed.
            else case
                when known.taken_at is not null and known.contact_at is not null
                    then greatest(known.taken_at, known.contact_at)
            end
        end as done_at
    from sla.clocks as clocks
    inner join touched on clocks.lead_id = touched.lead_id and clocks.cycle = touched.cycle
    left join known on clocks.lead_id = known.lead_id and clocks.cycle = known.cycle
)

update sla.clocks
set stopped_at = null, stopped_by = null, business_minutes = null, state = 'running'
from stops
where
    clocks.clock_id = stops.clock_id
    and clocks.due_at > %(now)s
    and clocks.stopped_at < coalesce(least(stops.done_at, stops.ended_at), 'infinity');

-- name: list_stops
-- A clock stops at what it waits for or at the end of the cycle, whichever came first.
with touched as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as touched (lead_id, cycle)
),

known as (
    select
        facts.lead_id,
        facts.cycle,
        min(facts.occurred_at) filter (where facts.fact = 'contact') as contact_at,
        min(facts.occurred_at) filter (where facts.fact = 'taken') as taken_at,
        min(facts.occurred_at) filter (where facts.fact in ('won', 'lost')) as ended_at
    from lifecycle.facts as facts
    inner join touched on facts.lead_id = touched.lead_id and facts.cycle = touched.cycle
    group by facts.lead_id, facts.cycle
),

stops as (
    select
        clocks.clock_id,
        clocks.started_at,
        clocks.stopped_at as before_at,
        known.ended_at,
        case clocks.clock
            when 'first_contact' then known.contact_at
            -- greatest() ignores nulls, but both are needed.
            else case
                when known.taken_at is not null and known.contact_at is not null
                    then greatest(known.taken_at, known.contact_at)
            end
        end as done_at
    from sla.clocks as clocks
    inner join known on clocks.lead_id = known.lead_id and clocks.cycle = known.cycle
)

select
    clock_id,
    started_at,
    least(done_at, ended_at) as stopped_at,
    case when done_at <= coalesce(ended_at, 'infinity') then 'contact' else 'end of cycle' end as stopped_by
from stops
where
    least(done_at, ended_at) is not null
    and (before_at is null or before_at > least(done_at, ended_at));

-- name: stop_clock
update sla.clocks
set stopped_at = %(stopped_at)s, stopped_by = %(stopped_by)s, business_minutes = %(business_minutes)s
where clock_id = %(clock_id)s;
