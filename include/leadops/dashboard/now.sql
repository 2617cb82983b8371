-- name: count_pushes
-- What arrived in each of the last minutes; a minute without any is zero.
with minutes as (
    select generate_series(
        date_trunc('minute', %(since)s::timestamptz), date_trunc('minute', %(now)s::timestamptz), interval '1 minute'
    ) as starts_at
),

batches_by_minute as (
    select
        date_trunc('minute', batches.settled_at) as starts_at,
        sum(batches.deltas)::bigint as deltas
    from delivery.batches
    where batches.state = 'done' and batches.settled_at >= date_trunc('minute', %(since)s::timestamptz)
    group by date_trunc('minute', batches.settled_at)
),

effects_by_minute as (
    select
        date_trunc('minute', outbox.settled_at) as starts_at,
        count(*) as effects
    from delivery.outbox
    where
        outbox.state in ('done', 'dropped')
        and outbox.body is not null
        and outbox.settled_at >= date_trunc('minute', %(since)s::timestamptz)
        and outbox.state = 'done'
    group by date_trunc('minute', outbox.settled_at)
)

select
    minutes.starts_at,
    coalesce(batches_by_minute.deltas, 0) as deltas,
    coalesce(effects_by_minute.effects, 0) as effects
from minutes
left join batches_by_minute on minutes.starts_at = batches_by_minute.starts_at
left join effects_by_minute on minutes.starts_at = effects_by_minute.starts_at
order by minutes.starts_at;

-- name: count_arrivals
-- Events that came in, and what was refused, in the span. At most max_rows of each are counted.
with arrived as (
    select events.received_at from cdp.events
    where events.received_at > %(since)s::timestamptz
    order by events.received_at
    limit %(max_rows)s::bigint
)

select
    (select count(*) from arrived) as accepted,
    coalesce((
        select sum(calls.times)::bigint from cdp.refused_calls as calls
        where calls.counted_at > %(since)s::timestamptz
    ), 0) as refused_calls,
    coalesce((
        select sum(recent.items)::bigint
        from cdp.waiting_reasons
        cross join
            lateral (
                select count(*) as items
                from (
                    select items.received_at from cdp.quarantine as items
                    where
                        items.state = 'waiting'
                        and items.reason = waiting_reasons.reason
                        and items.received_at > %(since)s::timestamptz
                    order by items.received_at
                    limit %(max_rows)s::bigint
                ) as newest
            ) as recent
    ), 0) as quarantined;

-- name: list_failing_channels
select
    channel,
    failing_since,
    problem
from alerts.failing_channels
order by channel;

-- name: list_failing_dags
-- Those of these DAGs that an open incident is about.
select incidents.subject from incidents.incidents
where
    incidents.state = 'open'
    and incidents.kind = 'dag_failed'
    and incidents.subject = any(%(dags)s::text[])
order by incidents.subject;
