-- name: note_refusal
insert into delivery.refused_operations as known (target, operation, since, refused_at, until, reason)
values (%(target)s, %(operation)s, %(now)s, %(now)s, %(until)s, %(reason)s)
on conflict (target, operation) do update
    set refused_at = excluded.refused_at, until = excluded.until, reason = excluded.reason;

-- name: find_refusal
select reason
from delivery.refused_operations
where target = %(target)s and operation = %(operation)s and until > %(now)s;

-- name: forget_refusal
delete from delivery.refused_operations
where target = %(target)s and operation = %(operation)s;
