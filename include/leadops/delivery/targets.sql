-- name: acquire
-- A token bucket: it refills with time up to the burst, and grants nothing during a pause or a hold. It is below zero
-- where a round took more calls than it was granted.
with before as (
    select
        target,
        paused_until,
        least(
            %(burst)s::double precision,
            tokens + greatest(0, extract(epoch from %(now)s::timestamptz - refilled_at)) * %(rate)s::double precision
        ) as filled
    from delivery.targets
    where target = %(target)s
    for update
),

permits as (
    select
        target,
        filled,
        case
            when paused_until > %(now)s::timestamptz then 0
            when exists (select from delivery.holds where opened_at is null) then 0
            else greatest(least(%(wanted)s::integer, floor(filled)::integer), 0)
        end as granted,
        greatest(
            extract(epoch from paused_until - %(now)s::timestamptz),
            -- Until somebody ends the hold; whoever waits looks again sooner.
            case when exists (select from delivery.holds where opened_at is null) then 3600 end,
            (1 - filled) / %(rate)s::double precision,
            0.001
        )::double precision as wait_seconds
    from before
)

update delivery.targets
set tokens = permits.filled - permits.granted, refilled_at = greatest(delivery.targets.refilled_at, %(now)s)
from permits
where delivery.targets.target = permits.target
returning permits.granted, permits.wait_seconds;

-- name: insert_target
insert into delivery.targets (target, tokens, refilled_at)
values (%(target)s, %(burst)s, %(now)s)
on conflict (target) do nothing;

-- name: release
update delivery.targets
set tokens = tokens + %(count)s
where target = %(target)s;

-- name: pause_target
insert into delivery.targets as known (target, tokens, refilled_at, paused_until, pause_reason)
values (%(target)s, 0, %(until)s, %(until)s, %(reason)s)
on conflict (target) do update
    set
        paused_until = greatest(known.paused_until, excluded.paused_until),
        pause_reason = excluded.pause_reason;

-- name: find_state
select
    counted.calls as counted,
    counted.first_at,
    quotas.used,
    quotas.day_limit,
    quotas.read_at,
    coalesce(quotas.calls_since, 0) as calls_since,
    quotas.used_up_until,
    case when quotas.reserved_at > %(reserved_since)s then quotas.reserved else 0 end as reserved
from (
    select
        coalesce(sum(calls), 0)::integer as calls,
        min(starts_at) filter (where calls > 0) as first_at
    from delivery.call_counts
    where
        target = %(target)s
        and starts_at > %(since)s::timestamptz - %(counted_by)s::interval
) as counted
left join delivery.quotas as quotas on quotas.target = %(target)s;

-- name: count_calls
insert into delivery.call_counts as known (target, starts_at, calls)
values (
    %(target)s,
    date_bin(%(counted_by)s::interval, %(now)s::timestamptz, '2000-01-01 00:00:00+00'),
    %(calls)s
)
on conflict (target, starts_at) do update set calls = known.calls + excluded.calls;

-- name: count_since
insert into delivery.quotas as known (target, calls_since)
values (%(target)s, %(calls)s)
on conflict (target) do update set calls_since = known.calls_since + excluded.calls_since;

-- name: reserve
insert into delivery.quotas as known (target, calls_since, reserved, reserved_at)
values (%(target)s, %(calls)s, %(calls)s, %(now)s)
on conflict (target) do update
    set
        calls_since = known.calls_since + excluded.calls_since,
        reserved = case when known.reserved_at > %(reserved_since)s then known.reserved else 0 end + excluded.reserved,
        reserved_at = excluded.reserved_at,
        closed_until = null;

-- name: settle_reserved
update delivery.quotas
set
    calls_since = greatest(calls_since - %(unused)s::integer, 0),
    reserved = greatest(reserved - %(granted)s::integer, 0)
where target = %(target)s;

-- name: note_reading
-- A limit without the calls of all is compared with our own.
insert into delivery.quotas as known (target, used, day_limit, read_at)
values (%(target)s, %(used)s, %(day_limit)s, case when %(used)s::integer is not null then %(now)s::timestamptz end)
on conflict (target) do update
    set
        used = coalesce(excluded.used, known.used),
        day_limit = coalesce(excluded.day_limit, known.day_limit),
        read_at = coalesce(excluded.read_at, known.read_at),
        calls_since = case when excluded.used is null then known.calls_since else 0 end;

-- name: claim_quota_call
insert into delivery.quotas as known (target, asked_at)
values (%(target)s, %(now)s)
on conflict (target) do update
    set asked_at = excluded.asked_at
    where known.asked_at is null or known.asked_at <= %(asked_before)s;

-- name: note_used_up
insert into delivery.quotas as known (target, used_up_until)
values (%(target)s, %(until)s)
on conflict (target) do update set used_up_until = excluded.used_up_until;

-- name: note_closed
insert into delivery.quotas as known (target, closed_until)
values (%(target)s, %(until)s)
on conflict (target) do update set closed_until = excluded.closed_until;

-- name: record_duplicates
-- The first few leads are named; all changes are counted.
update delivery.targets
set
    duplicates = duplicates + cardinality(%(seqs)s::bigint[]),
    duplicates_at = %(now)s,
    duplicate_leads = (
        duplicate_leads || array(
            select distinct ledger.lead_id
            from scoring.ledger
            where ledger.seq = any(%(seqs)s::bigint[]) and not (ledger.lead_id = any(duplicate_leads))
        )
    )[1:5]
where target = %(target)s;

-- name: record_duplicate_lead
update delivery.targets
set
    duplicates = duplicates + 1,
    duplicates_at = %(now)s,
    duplicate_leads = (array_remove(duplicate_leads, %(lead_id)s::bigint) || %(lead_id)s::bigint)[1:5]
where target = %(target)s;

-- name: forget_duplicates
update delivery.targets
set duplicates = 0, duplicates_at = null, duplicate_leads = '{}'
where duplicates > 0;

-- name: add_outcomes
insert into delivery.call_outcomes as known (target, outcome, calls)
select
    %(target)s,
    added.outcome,
    added.calls
from unnest(%(outcomes)s::text[], %(calls)s::bigint[]) as added (outcome, calls)
order by added.outcome
on conflict (target, outcome) do update set calls = known.calls + excluded.calls;
