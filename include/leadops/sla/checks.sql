-- name: list_watched_clocks
-- The clocks that are at risk, held or breached, and those that an open incident is about.
with watched as (
    select breach_id
    from sla.breaches
    where state in ('at_risk', 'held', 'breached')
    union distinct
    select breaches.breach_id
    from incidents.incidents
    inner join sla.breaches
        on
            breaches.lead_id = (incidents.facts ->> 'lead_id')::bigint
            and breaches.cycle = (incidents.facts ->> 'cycle')::int
            and breaches.clock = incidents.facts ->> 'clock'
    where incidents.state = 'open' and incidents.kind in ('sla_at_risk', 'sla_breach')
)

select
    breaches.lead_id,
    breaches.cycle,
    breaches.clock,
    breaches.state,
    breaches.started_at,
    breaches.due_at,
    breaches.stopped_at,
    breaches.changed_at,
    breaches.business_minutes,
    breaches.target_minutes,
    breaches.evidence
from watched
inner join sla.breaches on watched.breach_id = breaches.breach_id;

-- name: list_missing_clocks
-- Open incidents about clocks that no longer exist, because the lead was merged or split.
select
    incidents.kind,
    incidents.subject
from incidents.incidents as incidents
where
    incidents.state = 'open'
    and incidents.kind in ('sla_at_risk', 'sla_breach')
    and incidents.facts ? 'clock'
    and not exists (
        select from sla.breaches as breaches
        where
            breaches.lead_id = (incidents.facts ->> 'lead_id')::bigint
            and breaches.cycle = (incidents.facts ->> 'cycle')::integer
            and breaches.clock = incidents.facts ->> 'clock'
    )
order by incidents.incident_id;
