-- Batches of this lane that nobody is sending: left by a process that ended before it came to them.
select count(*)
from (
    select batch_id
    from delivery.batches
    where target = %(target)s and lane = %(lane)s and state = 'ready' and not_before is null
    order by batch_id
    limit %(most)s
    for update skip locked
) as idle
