-- name: list_wrong_keys
-- Wrong write keys of senders that go on: in three spans of five minutes of the window, the last one recent.
select
    split_part(reason, '_bad_key_', 2) as fingerprint,
    sum(times)::bigint as calls,
    min(counted_at) as first_at
from cdp.refused_calls
where counted_at >= %(since)s::timestamptz and reason like '%%\_bad\_key%%'
group by reason
having count(*) >= 3 and max(counted_at) >= %(recent)s::timestamptz
order by calls desc, fingerprint asc;

-- name: list_refused_sites
-- The sites with the most refused events in the window; an outsider who names a thousand sites raises a few alarms.
with refused as (
    select
        items.site,
        items.reason,
        sum(items.times) as times,
        max(items.quarantine_id) as newest
    from cdp.waiting_reasons
    inner join cdp.quarantine as items on waiting_reasons.reason = items.reason
    where
        not waiting_reasons.reason = any(%(ignored)s::text[])
        and items.state = 'waiting'
        and items.received_at >= %(since)s::timestamptz
        and items.received_at < %(until)s::timestamptz
    group by items.site, items.reason
),

most_frequent as (
    select distinct on (site)
        site,
        reason,
        times,
        newest
    from refused
    order by site asc, times desc, reason asc
),

by_site as (
    select
        site,
        sum(times) as refused
    from refused
    group by site
    order by refused desc, site asc
    limit 10
)

select
    by_site.site,
    by_site.refused::bigint as refused,
    coalesce((
        select sum(traffic.events) from cdp.site_traffic as traffic
        where
            traffic.site = by_site.site
            and traffic.starts_at >= %(since)s::timestamptz
            and traffic.starts_at < %(until)s::timestamptz
    ), 0)::bigint as accepted,
    most_frequent.reason,
    most_frequent.times::bigint as reason_count,
    examples.quarantine_id as example_id,
    examples.detail as example
from by_site
inner join most_frequent on by_site.site = most_frequent.site
inner join cdp.quarantine as examples on most_frequent.newest = examples.quarantine_id
order by by_site.refused desc, by_site.site asc;

-- name: count_old_items
-- At most ten thousand of each reason are counted.
select
    waiting_reasons.reason,
    old_items.items,
    old_items.first_at
from cdp.waiting_reasons
cross join
    lateral (
        select
            count(*) as items,
            min(oldest.received_at) as first_at
        from (
            select items.received_at
            from cdp.quarantine as items
            where
                items.state = 'waiting'
                and items.reason = waiting_reasons.reason
                and items.received_at < %(before)s::timestamptz
            order by items.received_at
            limit 10000
        ) as oldest
    ) as old_items
where not waiting_reasons.reason = any(%(ignored)s::text[]) and old_items.items > 0
order by old_items.items desc, waiting_reasons.reason asc;

-- name: count_hours
select
    hours.starts_at,
    traffic.site,
    sum(traffic.events)::bigint as events
from unnest(%(starts)s::timestamptz[]) as hours (starts_at)
inner join cdp.site_traffic as traffic
    on hours.starts_at <= traffic.starts_at and traffic.starts_at < hours.starts_at + %(span)s::interval
group by hours.starts_at, traffic.site;

-- name: list_active_sites
-- Of these sites, those that sent something since then.
select asked.site
from unnest(%(sites)s::text[]) as asked (site)
where exists (
    select from cdp.site_traffic as traffic
    where traffic.site = asked.site and traffic.starts_at >= %(since)s::timestamptz
);

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
        and not exists (select from cdp.canaries as canaries where canaries.email = events.email)
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
    %(now)s::timestamptz - (
        select events.received_at
        from cdp.events
        where not exists (select from cdp.canaries as canaries where canaries.email = events.email)
        order by events.received_at desc
        limit 1
    ) as quiet,
    (select count(*) from senders) as senders;
