-- A refused call had no effect, so its deltas may go out again, under new keys, in smaller calls.
insert into delivery.batches (target, lane, idempotency_key, deltas, body, created_at)
select
    target,
    lane,
    gen_random_uuid()::text,
    %(deltas)s,
    %(body)s,
    %(now)s
from delivery.batches
where batch_id = %(batch_id)s
