-- On the wire a key carries the installation: another database on the same target counts its leads from 1 too.
select
    outbox_id,
    operation,
    lead_id,
    (select installation_id from delivery.installation) || '-' || idempotency_key as idempotency_key,
    body,
    attempts,
    first_sent_at
from delivery.outbox
where
    target = %(target)s and lane = %(lane)s and state = 'sending'
    and (not_before is null or not_before <= %(now)s)
order by outbox_id
limit %(most)s
for update skip locked
