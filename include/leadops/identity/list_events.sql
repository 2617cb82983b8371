-- Every event in the order in which it was resolved, with what it tells of a person, as in take_events.sql.
-- Waiting events are left out: the incremental way has not seen them.
select
    events.seq,
    events.event = any(%(trait_events)s::text[]) as tells_traits,
    lower(btrim(events.email)) as email,
    case
        when events.event = any(%(trait_events)s::text[])
            then (
                select left(events.payload -> 'properties' ->> names.name, 200)
                from unnest(%(enrichment_id)s::text[]) with ordinality as names (name, place)
                where btrim(events.payload -> 'properties' ->> names.name) <> ''
                order by names.place limit 1
            )
    end as enrichment_id,
    events.user_id,
    events.anonymous_id
from cdp.events as events
left join identity.late_events as late on events.seq = late.event_seq
where not exists (select from identity.inbox as waiting where waiting.event_seq = events.seq)
order by coalesce(late.after_seq, events.seq) asc, late.late_id asc nulls first
