select
    guard,
    kind,
    value,
    event_seq,
    times,
    seen_at
from identity.violations
where settled_at is null or settled_at < seen_at
order by seen_at desc, guard asc, kind asc, value asc
