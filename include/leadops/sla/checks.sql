-- name: list_changed_clocks
-- Each clock about which the incidents on record say something else than sla.breaches: a firing one without an
-- incident or with an older one, and one with an incident although it does not fire any more. A held clock is
-- unknown: it changes nothing.
with open_incidents as (
    select
        kind,
        case kind when 'sla_at_risk' then 'at_risk' else 'breached' end as firing_state,
        (facts ->> 'lead_id')::bigint as lead_id,
        (facts ->> 'cycle')::integer as cycle,
        facts ->> 'clock' as clock,
        (facts ->> 'changed_at')::timestamptz as changed_at
    from incidents.incidents
    where state = 'open' and kind in ('sla_at_risk', 'sla_breach') and facts ? 'clock'
),

changed as (
    select
        breaches.breach_id,
        case breaches.state when 'at_risk' then 'sla_at_risk' else 'sla_breach' end as kind,
        'firing' as status
    from sla.breaches
    left join open_incidents
        on
            breaches.lead_id = open_incidents.lead_id
            and breaches.cycle = open_incidents.cycle
            and breaches.clock = open_incidents.clock
            and breaches.state = open_incidents.firing_state
    where
        breaches.state in ('at_risk', 'breached')
        and open_incidents.changed_at is distinct from breaches.changed_at
    union all
    select
        breaches.breach_id,
        open_incidents.kind,
        'ok' as status
    from open_incidents
    inner join sla.breaches
        on
            open_incidents.lead_id = breaches.lead_id
            and open_incidents.cycle = breaches.cycle
            and open_incidents.clock = breaches.clock
    where breaches.state not in ('held', open_incidents.firing_state)
)

select
    changed.kind,
    changed.status,
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
from changed
inner join sla.breaches on changed.breach_id = breaches.breach_id;

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
