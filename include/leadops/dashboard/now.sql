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
    where
        events.received_at > %(since)s::timestamptz
        and not exists (select from cdp.canaries as canaries where canaries.email = events.email)
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

-- name: measure_scoring
-- From the arrival of an event until its points are in the ledger. What waits is counted up to a limit, and the usual
-- time is that of the newest rows of the ledger, so that it costs the same however many there are.
with newest as (
    select
        ledger.event_seq,
        ledger.recorded_at,
        ledger.lane
    from scoring.ledger
    order by ledger.seq desc
    limit 1000
),

spans as (
    select extract(epoch from newest.recorded_at - events.received_at)::double precision as seconds
    from newest
    inner join cdp.events on newest.event_seq = events.seq
    where
        newest.lane = 0
        and newest.recorded_at > %(since)s::timestamptz
        and not exists (select from cdp.canaries as canaries where canaries.email = events.email)
),

unresolved as (
    select inbox.event_seq from identity.inbox
    order by inbox.event_seq
    limit %(max_rows)s::bigint
),

unscored as (
    select inbox.event_seq from scoring.inbox
    where inbox.lane = 0
    order by inbox.seq
    limit %(max_rows)s::bigint
)

select
    (select count(*) from unresolved) + (select count(*) from unscored) as waiting,
    (
        select events.received_at from cdp.events
        where
            events.seq = least(
                (select min(unresolved.event_seq) from unresolved), (select min(unscored.event_seq) from unscored)
            )
    ) as oldest_at,
    (select percentile_cont(0.5) within group (order by spans.seconds) from spans) as usual_seconds;

-- name: measure_pushing
-- From a row of the ledger until the MA has it.
with spans as (
    select
        extract(
            epoch from batches.settled_at - coalesce(ledger.recorded_at, batches.created_at)
        )::double precision as seconds
    from delivery.batches
    left join scoring.ledger on batches.from_seq = ledger.seq
    where
        batches.target = 'ma'
        and batches.lane = 0
        and batches.state = 'done'
        and batches.settled_at > %(since)s::timestamptz
)

select percentile_cont(0.5) within group (order by spans.seconds) from spans;

-- name: measure_forms
-- From the request for a lead in the CRM, which a form makes as it arrives, until the CRM has it.
with spans as (
    select extract(epoch from outbox.settled_at - outbox.created_at)::double precision as seconds
    from delivery.outbox
    where
        outbox.state in ('done', 'dropped')
        and outbox.body is not null
        and outbox.settled_at > %(since)s::timestamptz
        and outbox.state = 'done'
        and outbox.target = 'crm'
        and outbox.operation = 'create_lead'
        and outbox.lane = 0
)

select
    count(*) as waiting,
    min(outbox.created_at) as oldest_at,
    (select percentile_cont(0.5) within group (order by spans.seconds) from spans) as usual_seconds
from delivery.outbox
where
    outbox.state in ('pending', 'sending')
    and outbox.target = 'crm'
    and outbox.lane = 0
    and outbox.operation = 'create_lead';

-- name: count_calls
-- Calls and refusals by system. The newest dead letters are looked at, more than a day has.
with newest as (
    select
        letters.target,
        letters.reason,
        letters.died_at,
        letters.dead_letter_id
    from delivery.dead_letters as letters
    order by letters.dead_letter_id desc
    limit 10000
),

refusals as (
    select
        newest.target,
        count(*) as refused,
        (array_agg(newest.reason order by newest.dead_letter_id desc))[1] as reason
    from newest
    where newest.died_at > %(day_ago)s::timestamptz
    group by newest.target
),

calls as (
    select
        counts.target,
        coalesce(
            sum(counts.calls) filter (where counts.starts_at > %(hour_ago)s::timestamptz), 0
        )::bigint as hour_calls,
        sum(counts.calls)::bigint as day_calls
    from delivery.call_counts as counts
    where counts.starts_at > %(day_ago)s::timestamptz
    group by counts.target
),

open_letters as (
    select
        letters.target,
        count(*) as letters
    from delivery.dead_letters as letters
    where letters.state = 'open'
    group by letters.target
)

select
    targets.target,
    targets.paused_until,
    targets.pause_reason,
    coalesce(calls.hour_calls, 0) as hour_calls,
    coalesce(calls.day_calls, 0) as day_calls,
    coalesce(refusals.refused, 0) as refused,
    refusals.reason,
    coalesce(open_letters.letters, 0) as dead_letters
from delivery.targets
left join calls on targets.target = calls.target
left join refusals on targets.target = refusals.target
left join open_letters on targets.target = open_letters.target
order by targets.target;

-- name: list_open_incidents
select
    incidents.incident_id,
    incidents.kind,
    incidents.subject,
    incidents.opened_at,
    incidents.resolved_at,
    incidents.escalated_at,
    incidents.acknowledged_at,
    incidents.facts,
    incidents.message_id,
    incidents.page_id,
    messages.channel,
    messages.message_ts
from incidents.incidents
left join alerts.messages on incidents.message_id = messages.message_id
where incidents.state = 'open'
order by incidents.opened_at, incidents.incident_id
limit %(max_rows)s::bigint;

-- name: read_lanes
-- No row where no lane ever worked, or the last one was switched off.
select
    count(*) filter (where worked_at >= %(since)s) as working,
    max(lag_seconds) filter (where seen_at >= %(since)s) as lag_seconds,
    max(worked_at) as worked_at,
    (array_agg(problem order by seen_at desc))[1] as problem
from live.lanes
where is_on
having max(worked_at) is not null;
