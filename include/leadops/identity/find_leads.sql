select
    asked.kind,
    asked.value,
    aliases.lead_id
from unnest(%(kinds)s::text[], %(values)s::text[]) as asked (kind, value)
inner join identity.aliases as aliases on asked.kind = aliases.kind and asked.value = aliases.value
