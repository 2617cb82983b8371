insert into strangers (place, kind, value)
select
    moments.place,
    aliases.kind,
    aliases.value
from moments
inner join sources on moments.place = sources.place
inner join identity.aliases as aliases on sources.lead_id = aliases.lead_id
inner join cdp.events as told on aliases.event_seq = told.seq
where
    aliases.kind in ('anonymous_id', 'user_id')
    and told.received_at > coalesce(moments.history_until, moments.known_at)
