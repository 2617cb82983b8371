-- On the wire a key carries the installation: another database on the same target counts its leads from 1 too.
-- Fresh effects in order, or (with retry) those that failed and are due again, the longest due first.
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
    and (not_before is not null) = %(retry)s
    and coalesce(not_before, %(now)s) <= %(now)s
order by not_before, outbox_id
limit %(most)s
for update skip locked
