select
    incidents.incident_id,
    incidents.kind,
    incidents.subject,
    incidents.state,
    incidents.opened_at,
    incidents.resolved_at,
    incidents.is_quiet,
    messages.posted_at
from alerts.incidents
left join alerts.messages on incidents.message_id = messages.message_id
where
    (%(everything)s or incidents.state = 'open')
    and (%(kind)s::text is null or incidents.kind = %(kind)s)
order by incidents.opened_at desc, incidents.incident_id desc
limit %(most)s
