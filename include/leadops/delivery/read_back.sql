-- name: sum_settled_points
with undelivered as materialized (
    select
        ledger_seq,
        batch_id
    from delivery.undelivered_deltas
    where target = %(target)s
),

known as (
    select
        external_id,
        lead_id
    from delivery.external_ids
    where target = %(target)s and external_id = any(%(external_ids)s::text[])
),

settled as (
    -- Two leads of ours with one id there share its score.
    select
        known.external_id,
        coalesce(sum(ledger.points) filter (where undelivered.ledger_seq is null), 0)::bigint as points
    from known
    inner join scoring.ledger as ledger on known.lead_id = ledger.lead_id and ledger.lane is not null
    left join undelivered on ledger.seq = undelivered.ledger_seq
    group by known.external_id
),

-- What else may have reached the target: another open batch, a correction, a dead letter of unknown outcome.
other_calls as (
    select
        known.external_id,
        sum(ledger.points)::bigint as points
    from known
    inner join scoring.ledger as ledger on known.lead_id = ledger.lead_id
    inner join undelivered on ledger.seq = undelivered.ledger_seq
    inner join delivery.batches as batches on undelivered.batch_id = batches.batch_id
    where undelivered.batch_id is distinct from %(batch_id)s::bigint
    -- What an answer left unknown took effect row by row.
    group by known.external_id, undelivered.batch_id, case when batches.is_answered then undelivered.ledger_seq end
    union all
    select
        known.external_id,
        coalesce((corrections.payload ->> 'points')::bigint, 0) as points
    from known
    inner join delivery.outbox as corrections on known.lead_id = corrections.lead_id
    where corrections.operation = 'correct_score' and corrections.state in ('pending', 'sending')
    union all
    select
        known.external_id,
        letters.points
    from known
    inner join delivery.dead_letters as letters on known.lead_id = letters.lead_id
    where
        letters.target = %(target)s
        and letters.kind = 'delta'
        and letters.state = 'open'
        and letters.reason = %(ambiguous)s
)

select
    settled.external_id,
    settled.points,
    coalesce(
        (
            select array_agg(other_calls.points order by other_calls.points)
            from other_calls
            where other_calls.external_id = settled.external_id
        ),
        '{}'
    )::bigint[] as others
from settled;
