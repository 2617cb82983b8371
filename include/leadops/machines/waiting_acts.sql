-- name: forget_waiting
delete from machines.waiting_acts
where lead_id in (select classified.lead_id from classified);

-- name: wait_for_evidence
-- Acts through mails, and visits that a mail led to, that arrived a moment ago. A visit that shows a person does not
-- wait.
with recent as (
    select
        events.seq,
        events.received_at
    from cdp.events as events
    where
        events.received_at > %(now)s::timestamptz - %(wait)s::interval
        and not events.is_history
        and (
            events.event in ('mail_open', 'mail_click', 'unsubscribe')
            or (
                lower(events.payload #>> '{context,utm,medium}') = any(%(mediums)s::text[])
                and not machines.has_mark(events.payload, %(person)s::text[])
            )
        )
    offset 0 -- noqa: AM09
)

insert into machines.waiting_acts (event_seq, lead_id, due_at)
select
    recent.seq,
    classified.lead_id,
    recent.received_at + %(wait)s::interval
from recent
cross join (select min(every.seq) as seq from recent as every) as earliest
inner join machines.lead_events as owned on recent.seq = owned.event_seq and earliest.seq <= owned.event_seq
inner join classified on owned.lead_id = classified.lead_id
where not exists (select from found_acts where found_acts.event_seq = recent.seq)
on conflict (event_seq) do update
    set lead_id = excluded.lead_id, due_at = excluded.due_at;

-- name: release_due
-- The leads of acts that have waited long enough.
delete from machines.waiting_acts
where due_at <= %(now)s
returning lead_id;
