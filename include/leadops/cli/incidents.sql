-- name: list_incidents
select
    incidents.incident_id,
    incidents.kind,
    incidents.subject,
    incidents.state,
    incidents.opened_at,
    incidents.resolved_at,
    incidents.is_suppressed,
    messages.posted_at,
    pages.state as page
from incidents.incidents
left join alerts.messages on incidents.message_id = messages.message_id
left join alerts.pages on incidents.page_id = pages.page_id
where
    (%(everything)s::boolean or incidents.state = 'open')
    and (%(kind)s::text is null or incidents.kind = %(kind)s::text)
order by incidents.opened_at desc, incidents.incident_id desc
limit %(max_rows)s;

-- name: show_incident
select
    incidents.incident_id,
    incidents.kind,
    incidents.subject,
    incidents.state,
    incidents.opened_at,
    incidents.seen_at,
    incidents.clear_since,
    incidents.escalated_at,
    incidents.acknowledged_at,
    incidents.resolved_at,
    incidents.facts,
    messages.purpose as message,
    messages.posted_at,
    messages.channel,
    messages.message_ts,
    messages.shown_at,
    pages.state as page,
    pages.dedup_key,
    pages.triggered_at
from incidents.incidents
left join alerts.messages on incidents.message_id = messages.message_id
left join alerts.pages on incidents.page_id = pages.page_id
where incidents.incident_id = %(incident_id)s;
