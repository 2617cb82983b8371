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
        %(kinds)s::text[], %(values)s::text[], %(guards)s::text[], %(event_seqs)s::bigint[], %(times)s::integer[]
    ) as seen (kind, value, guard, event_seq, times)
on conflict (guard, kind, value) do update
    set times = violations.times + excluded.times, seen_at = excluded.seen_at
