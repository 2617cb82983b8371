-- name: insert_progress
insert into warehouse.exports (target, mart, columns)
values (%(target)s, %(mart)s, %(columns)s)
on conflict (target, mart) do nothing;

-- name: find_progress
select
    sent_to,
    sending_to,
    columns
from warehouse.exports
where target = %(target)s and mart = %(mart)s;

-- name: list_progress
select
    target,
    mart,
    sent_to,
    sent_at
from warehouse.exports
order by target, mart;

-- name: promise_rows
update warehouse.exports
set sending_to = %(last)s
where target = %(target)s and mart = %(mart)s;

-- name: note_sent
update warehouse.exports
set
    sent_to = %(last)s,
    sending_to = null,
    sent_at = %(now)s
where target = %(target)s and mart = %(mart)s;

-- name: note_complete
update warehouse.exports
set complete_at = greatest(complete_at, %(at)s)
where target = %(target)s and mart = %(mart)s;

-- name: note_columns
update warehouse.exports
set columns = %(columns)s
where target = %(target)s and mart = %(mart)s;
