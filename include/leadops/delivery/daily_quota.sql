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

-- name: settle
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

-- name: purge_call_counts
delete from delivery.call_counts
where
    (target, starts_at) in (
        select
            counts.target,
            counts.starts_at
        from delivery.call_counts as counts
        where counts.starts_at < %(before)s
        limit %(max_rows)s -- noqa: AM09
    );
