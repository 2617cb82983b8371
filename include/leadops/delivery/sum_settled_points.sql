-- Of each lead: the points that the MA surely has, and whether another open call concerns it too.
with undelivered as materialized (
    select
        ledger_seq,
        batch_id
    from delivery.undelivered_deltas
    where target = %(target)s
)

select
    known.external_id,
    coalesce(sum(ledger.points) filter (where undelivered.ledger_seq is null), 0),
    coalesce(bool_or(undelivered.batch_id <> %(batch_id)s), false)
    or exists (
        select 1 from delivery.outbox as healing
        where
            healing.lead_id = known.lead_id
            and healing.operation = 'correct_score'
            and healing.state in ('pending', 'sending')
    )
from delivery.external_ids as known
inner join scoring.ledger as ledger on known.lead_id = ledger.lead_id and ledger.lane is not null
left join undelivered on ledger.seq = undelivered.ledger_seq
where known.target = %(target)s and known.external_id = any(%(external_ids)s)
group by known.external_id, known.lead_id
