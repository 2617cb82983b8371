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
    and (not_before is null or not_before <= %(now)s)
order by batch_id
limit %(most)s
for update skip locked
