-- An event without an email is the lead's from when the link of its identifier was first told, however early the
-- event itself came: who it was became known only then.
insert into seen (place, name, age, event_seq)
select
    sources.place,
    coalesce(names.number, 0) as name,
    date_part('epoch', sources.at - events.ts) / 86400 as age,
    events.seq
from sources
inner join identity.resolved_events as resolved on sources.lead_id = resolved.lead_id
inner join cdp.events as events on resolved.event_seq = events.seq
left join unnest(%(names)s::text[]) with ordinality as names (event, number) on events.event = names.event
where
    events.ts <= sources.at
    and (%(every)s or names.number is not null)
    and (
        events.received_at <= sources.known_at
        or (events.is_history and events.received_at < sources.history_until)
    )
    and not exists (
        select from strangers
        where
            strangers.place = sources.place
            and events.email is null
            and (
                (strangers.kind = 'anonymous_id' and strangers.value = events.anonymous_id)
                or (strangers.kind = 'user_id' and strangers.value = events.user_id)
            )
    )
