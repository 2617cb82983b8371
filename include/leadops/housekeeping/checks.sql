-- name: list_trends
-- The earlier sample is the newest that lies a day before; in the first days the oldest, if it lies far enough.
select
    newest.place,
    newest.sampled_at,
    newest.used_bytes,
    newest.free_bytes,
    earlier.sampled_at as earlier_at,
    earlier.used_bytes as earlier_used_bytes
from (
    select distinct on (samples.place)
        samples.place,
        samples.sampled_at,
        samples.used_bytes,
        samples.free_bytes
    from housekeeping.space_samples as samples
    where samples.sampled_at > %(since)s::timestamptz
    order by samples.place asc, samples.sampled_at desc
) as newest
left join lateral (
    select
        past.sampled_at,
        past.used_bytes
    from housekeeping.space_samples as past
    where past.place = newest.place and past.sampled_at <= newest.sampled_at - %(shortest)s::interval
    order by past.sampled_at <= newest.sampled_at - %(day)s::interval desc, past.sampled_at desc
    limit 1
) as earlier on true
order by newest.place;
