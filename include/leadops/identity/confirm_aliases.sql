update identity.aliases
set confirmed_seq = confirmed.event_seq
from unnest(%(kinds)s::text[], %(values)s::text[], %(event_seqs)s::bigint[]) as confirmed (kind, value, event_seq)
where aliases.kind = confirmed.kind and aliases.value = confirmed.value
