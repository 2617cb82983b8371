-- What looks good again, since when, and what is to be said about it.
update alerts.incidents as known
set
    clear_since = coalesce(known.clear_since, greatest(found.cleared_at, known.opened_at)),
    facts = known.facts || found.facts
from
    unnest(
        %(kinds)s::text[], %(subjects)s::text[], %(cleared_at)s::timestamptz[], %(facts)s::jsonb[]
    ) as found (kind, subject, cleared_at, facts)
where known.kind = found.kind and known.subject = found.subject and known.state = 'open'
