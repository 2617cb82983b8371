-- name: add_refused_calls
-- In the order of the reasons, so that two gateways never deadlock.
insert into cdp.refused_calls (counted_at, reason, times)
select
    date_bin('5 minutes', %(now)s::timestamptz, '2000-01-01 00:00:00+00'),
    refused.reason,
    refused.times
from unnest(%(reasons)s::text[], %(times)s::bigint[]) as refused (reason, times)
order by refused.reason
on conflict (counted_at, reason) do update set times = refused_calls.times + excluded.times;
