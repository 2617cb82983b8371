-- Whose touch each one is, a column at a time, so that they are read as arrays; name -1: only a conversion.
select
    array_agg(coalesce(touches.lead_id, resolved.lead_id)) as leads,
    array_agg(touches.ts) as times,
    array_agg(touches.seq) as seqs,
    array_agg(coalesce(names.name_id, -1)::bigint) as names,
    array_agg(touches.is_conversion::integer::bigint) as is_conversions,
    array_agg(touches.cents) as cents
from attribution_touches as touches
left join attribution_names as names
    on touches.channel = names.channel and coalesce(touches.campaign, '') = coalesce(names.campaign, '')
left join identity.resolved_events as resolved
    on
        touches.seq = resolved.event_seq
        and resolved.event_seq between %(first)s and %(last)s
where coalesce(touches.lead_id, resolved.lead_id) is not null
