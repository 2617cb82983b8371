-- name: read_capacity
select facts -> 'capacity' as capacity
from lifecycle.thresholds
where day = %(day)s;

-- name: keep_basis
-- Also of a day that has been decided: what is known of a day stays the same.
update lifecycle.thresholds
set basis = %(basis)s
where day = %(day)s;

-- name: find_basis
select
    day,
    basis
from lifecycle.thresholds
where basis is not null and day < %(before)s
order by day desc
limit 1;
