insert into sla.clocks
(lead_id, cycle, clock, started_at, warn_at, due_at, target_minutes, policy, evidence)
values (
    %(lead_id)s, %(cycle)s, %(clock)s, %(started_at)s, %(warn_at)s, %(due_at)s, %(target_minutes)s,
    %(policy)s, %(evidence)s
)
on conflict (lead_id, cycle, clock) do nothing
