-- Effects of this lane that nobody is sending: left by a process that ended before it came to them.
select count(*)
from (
    select outbox_id
    from delivery.outbox
    where target = %(target)s and lane = %(lane)s and state = 'sending' and not_before is null
    order by outbox_id
    limit %(most)s
    for update skip locked
) as idle
