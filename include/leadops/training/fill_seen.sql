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
    and not exists (
        select from strangers
        where
            strangers.place = moments.place
            and strangers.kind = 'anonymous_id'
            and strangers.value = case when events.email is null then events.anonymous_id end
    )
    and not exists (
        select from strangers
        where
            strangers.place = moments.place
            and strangers.kind = 'user_id'
            and strangers.value = case when events.email is null then events.user_id end
    )
