-- Held deltas whose lead the target knows by now, in the order of the ledger.
with due as (
    select
        held.ledger_seq,
        known.external_id
    from delivery.held_deltas as held
    inner join delivery.external_ids as known
        on held.target = known.target and held.lead_id = known.lead_id
    where held.target = %(target)s and held.lane = %(lane)s
    order by held.ledger_seq
    limit %(most)s
    for update of held skip locked
),

taken as (
    delete from delivery.held_deltas as held
    using due
    where held.ledger_seq = due.ledger_seq
    returning held.ledger_seq, held.lead_id, due.external_id
),

numbered as (
    select
        taken.*,
        ledger.points,
        ledger.reason,
        (row_number() over (order by taken.ledger_seq) - 1) / %(size)s::bigint as part
    from taken
    inner join scoring.ledger as ledger on taken.ledger_seq = ledger.seq
)

insert into delivery.batches (
    target, lane, idempotency_key, deltas, body, created_at
)
select
    %(target)s,
    %(lane)s,
    gen_random_uuid()::text,
    count(*),
    delivery.form_call(
        count(*),
        string_agg(
            delivery.form_update(installation_id, ledger_seq, external_id, points, reason),
            ',' order by lead_id, ledger_seq
        )
    ),
    %(now)s
from numbered, delivery.installation
group by part
