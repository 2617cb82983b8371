-- The ledger's writers commit in the order of seq, so everything up to a seq that we see is there to be seen.
with next_rows as materialized (
    select
        seq,
        lead_id,
        points,
        reason,
        (row_number() over (order by seq) - 1) / %(size)s::bigint as part
    from scoring.ledger
    where seq > %(after)s and lane = %(lane)s
    order by seq
    limit %(most)s
),

addressed as materialized (
    select
        next_rows.*,
        known.external_id
    from next_rows
    -- One look-up a row: a join would make the planner read the ids of all leads for each cut.
    left join lateral (
        select ids.external_id
        from delivery.external_ids as ids
        where ids.target = %(target)s and ids.lead_id = next_rows.lead_id
        order by ids.lead_id
        limit 1
    ) as known on true
),

held as (
    insert into delivery.held_deltas (ledger_seq, target, lead_id, lane)
    select
        seq,
        %(target)s,
        lead_id,
        %(lane)s
    from addressed
    where external_id is null
),

batches as (
    insert into delivery.batches (
        target, lane, idempotency_key, from_seq, deltas, body, created_at
    )
    select
        %(target)s,
        %(lane)s,
        gen_random_uuid()::text,
        min(seq),
        count(*),
        delivery.form_call(
            count(*),
            string_agg(
                delivery.form_update(installation_id, seq, external_id, points, reason), ',' order by lead_id, seq
            )
        ),
        %(now)s
    from addressed, delivery.installation
    where external_id is not null
    group by part
    order by part
    returning batch_id
),

moved as (
    update delivery.cursors
    set ledger_seq = reached.seq
    from (
        -- With fewer rows than wanted there are none left in this lane: its cursor joins the ledger's end.
        select
            case when count(*) < %(most)s then (select max(seq) from scoring.ledger) else max(seq) end as seq
        from next_rows
    ) as reached
    where target = %(target)s and lane = %(lane)s and reached.seq > ledger_seq
    returning ledger_seq
)

select
    moved.ledger_seq,
    (select count(*) from batches)
from moved
