-- name: find_newest_event
-- A canary's are left out: they come even where nobody else's do.
select events.received_at from cdp.events
where not exists (select from cdp.canaries as canaries where canaries.email = events.email)
order by events.received_at desc
limit 1;

-- name: list_waits
-- Each hop: what waits before it, and since when. At most max_rows are counted, by an index.
with hops as (
    select
        'resolve' as hop,
        waiting.lane,
        waiting.items,
        (select events.received_at from cdp.events where events.seq = waiting.first_seq) as oldest_at
    from (
        select
            inbox_rows.lane,
            count(*) as items,
            min(inbox_rows.event_seq) as first_seq
        from (
            select
                inbox.lane,
                inbox.event_seq
            from identity.inbox
            order by inbox.event_seq
            limit %(max_rows)s::bigint
        ) as inbox_rows
        group by inbox_rows.lane
    ) as waiting
    union all
    select
        'score' as hop,
        lanes.lane,
        waiting.items,
        (select events.received_at from cdp.events where events.seq = waiting.first_seq) as oldest_at
    from unnest(%(lanes)s::smallint[]) as lanes (lane)
    cross join
        lateral (
            select
                count(*) as items,
                min(inbox_rows.event_seq) as first_seq
            from (
                select inbox.event_seq from scoring.inbox
                where inbox.lane = lanes.lane
                order by inbox.seq
                limit %(max_rows)s::bigint
            ) as inbox_rows
        ) as waiting
    union all
    select
        case waits_for when 'call' then 'queue' when 'answer' then 'send' else 'hold' end as hop,
        lane,
        changes as items,
        oldest_at
    from delivery.waiting_changes
)

select
    hop,
    lane,
    items,
    oldest_at
from hops
order by hop, lane;

-- name: list_spans
-- How long the newest items of each hop took, in seconds: the median, and what 95 of 100 took at most.
with spans as (
    select
        'score' as hop,
        extract(epoch from waited)::double precision as seconds
    from scoring.recent_waits
    where lane = 0 and recorded_at > %(since)s::timestamptz
    union all
    select
        'send' as hop,
        extract(epoch from waited)::double precision as seconds
    from delivery.recent_waits
    where lane = 0 and settled_at > %(since)s::timestamptz
)

select
    hop,
    percentile_cont(0.5) within group (order by seconds) as median,
    percentile_cont(0.95) within group (order by seconds) as high
from spans
group by hop
order by hop;

-- name: list_outbox
-- What may wait is counted and not late, as in the incident outbox_waiting.
select
    targets.target,
    lanes.lane,
    waiting.items,
    waiting.oldest_at
from unnest(%(targets)s::text[]) as targets (target)
cross join unnest(%(lanes)s::smallint[]) as lanes (lane)
cross join
    lateral (
        select
            count(*) as items,
            min(effects.created_at) filter (where not effects.may_wait) as oldest_at
        from (
            select
                waiting_effects.created_at,
                waiting_effects.may_wait
            from delivery.waiting_effects
            where waiting_effects.target = targets.target and waiting_effects.lane = lanes.lane
            order by waiting_effects.outbox_id
            limit %(max_rows)s::bigint
        ) as effects
    ) as waiting
order by targets.target, lanes.lane;

-- name: list_outbox_spans
with newest as (
    select
        outbox.target,
        outbox.lane,
        outbox.state,
        outbox.created_at,
        outbox.settled_at
    from delivery.outbox
    where outbox.state in ('done', 'dead', 'dropped') and outbox.settled_at > %(since)s::timestamptz
    order by outbox.settled_at desc
    limit 1000
)

select
    target as hop,
    percentile_cont(0.5) within group (
        order by extract(epoch from settled_at - created_at)::double precision
    ) as median,
    percentile_cont(0.95) within group (
        order by extract(epoch from settled_at - created_at)::double precision
    ) as high
from newest
where state = 'done' and lane = 0
group by target
order by target;

-- name: list_quarantined
select
    'event' as kind,
    reasons.reason,
    waiting.items
from cdp.waiting_reasons as reasons
cross join
    lateral (
        select count(*) as items
        from (
            select refused.received_at from cdp.quarantine as refused
            where refused.state = 'waiting' and refused.reason = reasons.reason
            order by refused.received_at
            limit %(max_rows)s::bigint
        ) as refused_rows
    ) as waiting
union all
select
    'form' as kind,
    forms.reason,
    count(*) as items
from (
    select quarantined.reason from intake.quarantined_forms as quarantined
    where quarantined.state = 'waiting'
    order by quarantined.received_at
    limit %(max_rows)s::bigint
) as forms
group by forms.reason
order by kind, reason;

-- name: list_targets
select
    targets.target,
    coalesce(targets.paused_until > %(now)s::timestamptz, false) as is_paused,
    quotas.day_limit,
    coalesce(quotas.used_up_until > %(now)s::timestamptz, false)
    or coalesce(quotas.closed_until > %(now)s::timestamptz, false) as is_used_up,
    (
        select coalesce(sum(counts.calls), 0)::bigint from delivery.call_counts as counts
        where counts.target = targets.target and counts.starts_at > %(now)s::timestamptz - interval '24 hours'
    ) as day_calls,
    (
        select count(*)
        from (
            select from delivery.reported_letters as letters
            where letters.target = targets.target
            limit %(max_rows)s::bigint -- noqa: AM09
        ) as open_letters
    ) as dead_letters
from delivery.targets
left join delivery.quotas on targets.target = quotas.target
order by targets.target;

-- name: list_outcomes
select
    target,
    outcome,
    calls
from delivery.call_outcomes
order by target, outcome;

-- name: is_on_hold
select exists(select from delivery.holds where opened_at is null);

-- name: list_open_incidents
select
    kind,
    count(*) as items
from incidents.incidents
where state = 'open'
group by kind
order by kind;

-- name: list_successes
select
    name,
    succeeded_at,
    beats
from incidents.heartbeats
order by name
limit %(max_names)s::bigint;

-- name: read_live_lanes
select
    count(*) filter (where is_on and worked_at >= %(since)s) as working,
    max(lag_seconds) filter (where seen_at >= %(since)s) as lag_seconds,
    max(worked_at) as worked_at
from live.lanes;

-- name: list_feeds
select
    feed,
    coalesce(as_of + held_back, first_polled_at, polled_at) as complete_until
from crm.feeds
order by feed;

-- name: list_canary_hops
-- The hops of the newest visit.
select
    listed.hop,
    newest.seconds,
    newest.done_at,
    (
        select min(waiting.begins_at)
        from canary.hops as waiting
        inner join canary.visits as visits on waiting.visit_id = visits.visit_id and visits.ended_at is null
        where waiting.hop = listed.hop and waiting.done_at is null
    ) as waits_since
from canary.hops as listed
left join
    lateral (
        select
            greatest(extract(epoch from done.done_at - done.begins_at), 0)::double precision as seconds,
            done.done_at
        from canary.hops as done
        where done.hop = listed.hop and done.done_at is not null
        order by done.done_at desc
        limit 1
    ) as newest
    on true
where listed.visit_id = (select max(visits.visit_id) from canary.visits as visits)
order by listed.hop;
