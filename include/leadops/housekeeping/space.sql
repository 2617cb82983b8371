-- name: list_due_places
select places.place
from unnest(%(places)s::text[]) as places (place)
where
    not exists (
        select from housekeeping.space_samples as samples
        where samples.place = places.place and samples.sampled_at > %(since)s::timestamptz
    );

-- name: measure_database
select pg_database_size(current_database());

-- name: insert_sample
insert into housekeeping.space_samples (place, sampled_at, used_bytes, free_bytes)
values (%(place)s, %(sampled_at)s, %(used_bytes)s, %(free_bytes)s)
on conflict (place, sampled_at) do nothing;

-- name: delete_old_samples
delete from housekeeping.space_samples
where sampled_at < %(before)s;
