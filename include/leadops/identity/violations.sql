-- name: record_violations
insert into identity.violations (kind, value, guard, event_seq, times, seen_at)
select
    kind,
    value,
    guard,
    event_seq,
    times,
    %(now)s
from
    unnest(
        %(kinds)s::text[], %(identifiers)s::text[], %(guards)s::text[], %(event_seqs)s::bigint[], %(times)s::integer[]
    ) as seen (kind, value, guard, event_seq, times)
on conflict (guard, kind, value) do update
    set times = violations.times + excluded.times, seen_at = excluded.seen_at;

-- name: list_violations
select
    guard,
    kind,
    value,
    event_seq,
    times,
    seen_at
from identity.violations
where settled_at is null or settled_at < seen_at
order by seen_at desc, guard asc, kind asc, value asc;

-- name: settle_violations
update identity.violations
set settled_at = %(now)s
where seen_at <= %(now)s and (settled_at is null or settled_at < seen_at);
