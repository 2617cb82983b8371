-- name: begin_past
-- A past that has begun keeps its days and its seed: what is in the database already is of these days.
insert into made_up.pasts (first_day, last_day, seed, begun_at)
values (%(first_day)s, %(last_day)s, %(seed)s, %(now)s)
on conflict (is_only) do nothing;

-- name: find_past
select
    first_day,
    last_day,
    seed,
    begun_at,
    finished_at
from made_up.pasts;

-- name: finish_past
update made_up.pasts
set finished_at = %(now)s
where finished_at is null;
