-- Known identifiers that were seen with too many emails: nobody's from now on.
update identity.aliases
set lead_id = 0
from unnest(%(kinds)s::text[], %(values)s::text[]) as shared (kind, value)
where aliases.kind = shared.kind and aliases.value = shared.value
