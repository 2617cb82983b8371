-- name: list_unfollowed
select
    erasures.erasure_id,
    erasures.applied_at,
    erasures.lead_ids
from erased.erasures as erasures
left join warehouse.followed_erasures as followed
    on
        erasures.erasure_id = followed.erasure_id
        and followed.target = %(target)s
        and erasures.applied_at = followed.applied_at
where erasures.applied_at is not null and followed.target is null
order by erasures.erasure_id;

-- name: note_followed
insert into warehouse.followed_erasures (target, erasure_id, applied_at, followed_at)
values (%(target)s, %(erasure_id)s, %(applied_at)s, %(now)s)
on conflict (target, erasure_id)
do update set applied_at = excluded.applied_at, followed_at = excluded.followed_at;
