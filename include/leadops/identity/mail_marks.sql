-- name: read_mail_events
select mail_events from identity.progress;

-- name: note_mail_events
insert into identity.progress (last_seq, mail_events)
values (0, %(mail_events)s)
on conflict (is_only) do update
    set mail_events = excluded.mail_events;

-- name: mark_again
update identity.resolved_events as filed
set is_mail_act = nullif(events.event = any(%(mail_events)s::text[]), false)
from cdp.events as events
where
    filed.event_seq = events.seq
    and coalesce(filed.is_mail_act, false) <> (events.event = any(%(mail_events)s::text[]))
returning filed.lead_id;

-- name: enqueue_marked
insert into scoring.inbox (lead_id, lane)
select
    lead_id,
    %(lane)s
from unnest(%(lead_ids)s::bigint[]) as marked (lead_id)
order by lead_id;
