-- name: sum_settled_points
with undelivered as materialized (
    select
        ledger_seq,
        batch_id
    from delivery.undelivered_deltas
    where target = %(target)s
)

select
    known.external_id,
    coalesce(sum(ledger.points) filter (where undelivered.ledger_seq is null), 0)::bigint as points,
    coalesce(bool_or(undelivered.batch_id <> %(batch_id)s), false)
    or exists (
        select 1 from delivery.outbox as correction
        where
            correction.lead_id = known.lead_id
            and correction.operation = 'correct_score'
            and correction.state in ('pending', 'sending')
    ) as has_other_calls
from delivery.external_ids as known
inner join scoring.ledger as ledger on known.lead_id = ledger.lead_id and ledger.lane is not null
left join undelivered on ledger.seq = undelivered.ledger_seq
where known.target = %(target)s and known.external_id = any(%(external_ids)s::text[])
group by known.external_id, known.lead_id;
