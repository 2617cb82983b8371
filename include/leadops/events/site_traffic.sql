-- name: start_counting
insert into cdp.traffic_progress (counted_from, counted_until)
select
    first_arrival.starts_at as counted_from,
    first_arrival.starts_at as counted_until
from (
    select
        date_bin(
            '5 minutes',
            greatest(coalesce(min(received_at), %(now)s::timestamptz), %(earliest)s::timestamptz),
            '2000-01-01 00:00:00+00'
        ) as starts_at
    from cdp.events
) as first_arrival
where not exists (select from cdp.traffic_progress);

-- name: find_step
-- At most about max_events, and at least five minutes, so that a long backlog cannot exceed a check's time-out.
with last_of_step as (
    select events.received_at
    from cdp.events
    where events.received_at >= (select progress.counted_until from cdp.traffic_progress as progress)
    order by events.received_at
    limit 1 offset %(max_events)s::bigint
)

select
    progress.counted_until as since,
    least(
        date_bin('5 minutes', %(settled_before)s::timestamptz, '2000-01-01 00:00:00+00'),
        progress.counted_until + %(longest)s::interval,
        case
            when last_of_step.received_at is not null
                then greatest(
                    date_bin('5 minutes', last_of_step.received_at, '2000-01-01 00:00:00+00'),
                    progress.counted_until + interval '5 minutes'
                )
        end
    ) as until
from cdp.traffic_progress as progress
left join last_of_step on true;

-- name: count_arrivals
with counts as (
    select
        cdp.read_site(payload #>> '{context,page}', payload #>> '{context,site}') as site,
        date_bin('5 minutes', received_at, '2000-01-01 00:00:00+00') as starts_at,
        count(*) as events,
        count(own_network) as located_events,
        count(*) filter (where own_network) as own_events
    from cdp.events
    where
        received_at >= %(since)s::timestamptz
        and received_at < %(until)s::timestamptz
        and not is_history
        and not was_refused
        and not exists (select from cdp.canaries as canaries where canaries.email = events.email)
    group by site, starts_at
),

ranked as (
    select
        counts.*,
        row_number() over (partition by starts_at order by events desc, site asc) as place
    from counts
)

insert into cdp.site_traffic (site, starts_at, events, located_events, own_events)
select
    site,
    starts_at,
    events,
    located_events,
    own_events
from ranked
where place <= %(max_sites)s
on conflict (site, starts_at) do update
    set events = excluded.events, located_events = excluded.located_events, own_events = excluded.own_events;

-- name: note_counted
update cdp.traffic_progress set counted_until = %(until)s;

-- name: delete_old_counts
delete from cdp.site_traffic
where starts_at < %(before)s;

-- name: read_counted_time
select
    counted_from,
    counted_until
from cdp.traffic_progress;
