update alerts.incidents as known
set escalated_at = %(now)s
from unnest(%(kinds)s::text[], %(after)s::interval[]) as kinds (kind, after)
where
    known.kind = kinds.kind and known.state = 'open'
    and known.escalated_at is null and known.clear_since is null
    and known.opened_at <= %(now)s - kinds.after
