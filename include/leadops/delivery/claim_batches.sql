-- Fresh calls in order, or (with retry) those that failed and are due again, the longest due first.
select
    batch_id,
    idempotency_key,
    deltas,
    body,
    attempts,
    created_at
from delivery.batches
where
    target = %(target)s and lane = %(lane)s and state = 'ready'
    and (not_before is not null) = %(retry)s
    and coalesce(not_before, %(now)s) <= %(now)s
order by not_before, batch_id
limit %(most)s
for update skip locked
