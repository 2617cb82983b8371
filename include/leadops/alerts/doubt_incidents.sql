-- Nobody knows: an open incident stays open, and good news starts to count anew.
update alerts.incidents as known
set clear_since = null
from unnest(%(kinds)s::text[], %(subjects)s::text[]) as found (kind, subject)
where
    known.kind = found.kind and known.subject = found.subject
    and known.state = 'open' and known.clear_since is not null
