-- name: count_open
select
    target,
    'score changes' as operation,
    state,
    count(*) as calls,
    sum(deltas)::bigint as deltas,
    min(created_at) as oldest_at,
    max(attempts) as attempts
from delivery.batches
where state = 'ready'
group by target, state
union all
select
    target,
    operation,
    state,
    count(*),
    null,
    min(created_at),
    max(attempts)
from delivery.outbox
where state in ('pending', 'sending')
group by target, operation, state
order by target, operation, state;

-- name: count_settled
select
    target,
    'score changes' as operation,
    state,
    count(*) as calls,
    sum(deltas)::bigint as deltas,
    min(settled_at) as oldest_at,
    max(attempts) as attempts
from delivery.batches
where state <> 'ready' and settled_at >= %(since)s
group by target, state
union all
select
    target,
    operation,
    state,
    count(*),
    null,
    min(settled_at),
    max(attempts)
from delivery.outbox
where state in ('done', 'dead', 'dropped') and settled_at >= %(since)s
group by target, operation, state
order by target, operation, state;
