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
    and target = coalesce(%(target)s, target)
    and dead_letter_id = any(coalesce(%(ids)s, array[dead_letter_id]))
order by dead_letter_id
-- Two people at once: the second waits, and sees only what the first left open.
for update
