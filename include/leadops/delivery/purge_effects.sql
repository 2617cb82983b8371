update delivery.outbox
set payload = '{}', body = null, answer = null
where outbox_id in (
    select settled.outbox_id
    from delivery.outbox as settled
    where settled.state in ('done', 'dropped') and settled.body is not null and settled.settled_at < %(before)s
    order by settled.settled_at
    limit %(most)s
)
