-- An event without an email is the lead's from when the link of its identifier was first told, however early the
-- event itself came: who it was became known only then.
insert into seen (place, name, age, event_seq)
select
    moments.place,
    coalesce(array_position(%(names)s::text[], events.event), 0),
    extract(epoch from moments.at - events.ts) / 86400,
    events.seq
from moments
inner join sources on moments.place = sources.place
inner join identity.resolved_events as resolved on sources.lead_id = resolved.lead_id
inner join cdp.events as events on resolved.event_seq = events.seq
where
    events.ts <= moments.at
    and (%(every)s or events.event = any(%(names)s::text[]))
    and (
        events.received_at <= moments.known_at
        or (events.is_history and events.received_at < moments.history_until)
    )
    and (
        events.email is not null
        or coalesce((
            select min(told.received_at)
            from identity.aliases as aliases
            inner join cdp.events as told on aliases.event_seq = told.seq
            where
                aliases.lead_id = sources.lead_id
                and (
                    (aliases.kind = 'anonymous_id' and aliases.value = events.anonymous_id)
                    or (aliases.kind = 'user_id' and aliases.value = events.user_id)
                )
        ), '-infinity') <= coalesce(moments.history_until, moments.known_at)
    )
