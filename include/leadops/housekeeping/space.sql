-- name: list_due_places
select places.place
from unnest(%(places)s::text[], %(are_short)s::boolean[]) as places (place, is_short)
left join lateral (
    select
        samples.sampled_at,
        samples.free_bytes < %(short_share)s::float8 * (samples.used_bytes + samples.free_bytes) as was_short
    from housekeeping.space_samples as samples
    where samples.place = places.place
    order by samples.sampled_at desc
    limit 1
) as newest on true
where
    newest.sampled_at is null
    or newest.sampled_at <= case
        when places.is_short or newest.was_short then %(short_since)s::timestamptz
        else %(since)s::timestamptz
    end;

-- name: measure_database
select pg_database_size(current_database());

-- name: insert_sample
insert into housekeeping.space_samples (place, sampled_at, used_bytes, free_bytes)
values (%(place)s, %(sampled_at)s, %(used_bytes)s, %(free_bytes)s)
on conflict (place, sampled_at) do nothing;

-- name: delete_old_samples
delete from housekeeping.space_samples
where sampled_at < %(before)s;

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
