-- Open incidents about clocks that are gone, because the lead was joined to another or split from it.
select
    incidents.kind,
    incidents.subject
from alerts.incidents as incidents
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
order by incidents.incident_id
