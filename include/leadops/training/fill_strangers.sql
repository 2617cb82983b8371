insert into strangers (place, kind, value)
select
    sources.place,
    aliases.kind,
    aliases.value
from sources
inner join identity.aliases as aliases on sources.lead_id = aliases.lead_id
inner join cdp.events as told on aliases.event_seq = told.seq
where
    aliases.kind in ('anonymous_id', 'user_id')
    and told.received_at > coalesce(sources.history_until, sources.known_at)
