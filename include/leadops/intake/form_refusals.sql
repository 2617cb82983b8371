-- name: add_refusals
-- In the order of the reasons, so that two gateways never deadlock.
insert into intake.form_refusals (day, reason, times)
select
    %(day)s,
    refused.reason,
    refused.times
from unnest(%(reasons)s::text[], %(times)s::bigint[]) as refused (reason, times)
order by refused.reason
on conflict (day, reason) do update set times = form_refusals.times + excluded.times;
