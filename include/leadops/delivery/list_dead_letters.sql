select
    dead_letter_id,
    target,
    kind,
    reference,
    lead_id,
    points,
    reason,
    died_at,
    state
from delivery.dead_letters
where
    state = 'open'
    and (%(target)s::text is null or target = %(target)s)
    and (%(ids)s::bigint [] is null or dead_letter_id = any(%(ids)s))
order by dead_letter_id
