-- From this commit on these effects may have been sent: whoever finds them finishes them.
with due as (
    select outbox_id
    from delivery.outbox
    where target = %(target)s and lane = %(lane)s and state = 'pending'
    order by outbox_id
    limit %(most)s
    for update skip locked
)

update delivery.outbox
set state = 'sending', body = payload::text, first_sent_at = %(now)s
from due
where delivery.outbox.outbox_id = due.outbox_id
