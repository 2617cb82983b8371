-- name: replace_difference
insert into warehouse.differences (target, mart, partition, found_at, own_rows, their_rows)
values (%(target)s, %(mart)s, %(partition)s, %(now)s, %(own_rows)s, %(their_rows)s)
on conflict (target, mart, partition)
do update set own_rows = excluded.own_rows, their_rows = excluded.their_rows;

-- name: delete_other_differences
delete from warehouse.differences
where target = %(target)s and mart = %(mart)s and partition <> all(%(partitions)s::text[]);

-- name: delete_difference
delete from warehouse.differences
where target = %(target)s and mart = %(mart)s and partition = %(partition)s;

-- name: list_differences
select
    target,
    mart,
    partition,
    found_at,
    own_rows,
    their_rows
from warehouse.differences
order by target, mart, partition;
