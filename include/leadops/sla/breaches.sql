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
