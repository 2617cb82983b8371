-- The soonest of the calls that failed and that nobody is making again right now.
with batches as (
    select not_before
    from delivery.batches
    where target = %(target)s and state = 'ready' and not_before is not null and not %(effects_only)s
    for update skip locked
),

effects as (
    select not_before
    from delivery.outbox
    where target = %(target)s and state = 'sending' and not_before is not null
    for update skip locked
)

select min(not_before)
from (
    select not_before
    from batches
    union all
    select not_before
    from effects
) as failed
