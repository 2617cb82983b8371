-- name: find_state
select
    counted.calls as counted,
    counted.first_at,
    quotas.used,
    quotas.day_limit,
    quotas.read_at,
    coalesce(quotas.calls_since, 0) as calls_since,
    quotas.used_up_until
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

-- name: count_since_reading
update delivery.quotas
set calls_since = greatest(calls_since + %(calls)s::integer, 0)
where target = %(target)s;

-- name: note_reading
insert into delivery.quotas as known (target, used, day_limit, read_at, calls_since)
values (%(target)s, %(used)s, %(day_limit)s, %(now)s, 0)
on conflict (target) do update
    set
        used = coalesce(excluded.used, known.used),
        day_limit = coalesce(excluded.day_limit, known.day_limit),
        read_at = excluded.read_at,
        calls_since = case when excluded.used is null then known.calls_since else 0 end;

-- name: note_used_up
insert into delivery.quotas as known (target, calls_since, used_up_until)
values (%(target)s, 0, %(until)s)
on conflict (target) do update set used_up_until = excluded.used_up_until;

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
