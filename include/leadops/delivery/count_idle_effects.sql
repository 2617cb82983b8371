-- Effects of this lane that nobody is sending: left by a process that died, or waiting for their next try.
select count(*)
from (
    select outbox_id
    from delivery.outbox
    where target = %(target)s and lane = %(lane)s and state = 'sending'
    order by outbox_id
    limit %(most)s
    for update skip locked
) as idle
