-- name: measure_lag
-- Reads at most max_events of the newest arrivals by the index on received_at, one entry of the inbox, one event.
with arrivals as (
    select
        coalesce(user_id, anonymous_id, email) as sender,
        received_at - ts as delay
    from cdp.events
    where
        received_at > %(now)s::timestamptz - %(span)s::interval
        and received_at <= %(now)s::timestamptz
        and not is_history
        and not was_refused
    order by received_at desc
    limit %(max_events)s::bigint
),

-- A sender's freshest event shows whether its way is open: an app that comes back with old clicks is not late.
senders as (
    select
        greatest(min(delay), interval '0') as delay,
        row_number() over (order by min(delay) desc) as place,
        count(*) over () as senders
    from arrivals
    group by sender
)

select
    (
        select senders.delay
        from senders
        where
            senders.place = greatest(%(min_senders)s::integer, ceil(%(late_share)s::float8 * senders.senders))
    ) as transport,
    (
        select %(now)s::timestamptz - events.received_at
        from cdp.events
        where events.seq = (select min(inbox.event_seq) from identity.inbox)
    ) as waiting,
    %(now)s::timestamptz - (select max(events.received_at) from cdp.events) as quiet,
    (select count(*) from senders) as senders;
