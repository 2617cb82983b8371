-- Whose touch each one is. Rows of one width, so that they are read as an array; -1: no touch, only a conversion.
select
    coalesce(touches.lead_id, resolved.lead_id) as lead_id,
    touches.ts,
    touches.seq,
    touches.cents,
    coalesce(names.name_id, -1) as name_id,
    touches.is_conversion::integer as is_conversion
from attribution_touches as touches
left join attribution_names as names
    on touches.channel = names.channel and coalesce(touches.campaign, '') = coalesce(names.campaign, '')
left join identity.resolved_events as resolved
    on
        touches.seq = resolved.event_seq
        and resolved.event_seq between %(first)s and %(last)s
where coalesce(touches.lead_id, resolved.lead_id) is not null
