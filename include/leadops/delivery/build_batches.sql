-- name: from_held
-- Held deltas whose lead the target now knows, in ledger order.
with busy as materialized (
    select external_id from delivery.busy_leads where target = %(target)s
),

due as (
    select
        held.ledger_seq,
        known.external_id
    from delivery.held_deltas as held
    inner join delivery.external_ids as known
        on held.target = known.target and held.lead_id = known.lead_id
    where
        held.target = %(target)s
        and held.lane = %(lane)s
        and not exists (select 1 from busy where busy.external_id = known.external_id)
    order by held.ledger_seq
    limit %(max_rows)s
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
        (row_number() over (order by taken.ledger_seq) - 1) / %(batch_size)s::bigint as part
    from taken
    inner join scoring.ledger as ledger on taken.ledger_seq = ledger.seq
)

insert into delivery.batches (
    target, lane, idempotency_key, deltas, rows, created_at
)
select
    %(target)s,
    %(lane)s,
    gen_random_uuid()::text,
    count(*),
    (
        '['
        || string_agg(
            delivery.form_row(ledger_seq, lead_id, external_id, points, reason), ',' order by lead_id, ledger_seq
        )
        || ']'
    )::json,
    %(now)s
from numbered
group by part;

-- name: lock_cursor
select ledger_seq
from delivery.cursors
where target = %(target)s and lane = %(lane)s
for update;

-- name: insert_cursor
insert into delivery.cursors (target, lane, ledger_seq)
values (%(target)s, %(lane)s, 0)
on conflict (target, lane) do nothing;

-- name: move_cursor
update delivery.cursors
set ledger_seq = %(ledger_seq)s
where target = %(target)s and lane = %(lane)s;

-- name: from_ledger
-- Writers of the ledger commit in the order of seq: a visible seq has all earlier ones before it.
with busy as materialized (
    select external_id from delivery.busy_leads where target = %(target)s
),

next_rows as materialized (
    select
        seq,
        lead_id,
        points,
        reason,
        (row_number() over (order by seq) - 1) / %(batch_size)s::bigint as part
    from scoring.ledger
    where seq > %(after)s and lane = %(lane)s
    order by seq
    limit %(max_rows)s
),

-- A step of its own: joined with the busy leads at once, each row would make a hash table of its one id.
known as materialized (
    select
        next_rows.*,
        known.external_id
    from next_rows
    -- One look-up per row: with a join the planner would read the ids of all leads for each range.
    left join lateral (
        select ids.external_id
        from delivery.external_ids as ids
        where ids.target = %(target)s and ids.lead_id = next_rows.lead_id
        order by ids.lead_id
        limit 1
    ) as known on true
),

addressed as materialized (
    select
        known.*,
        busy.external_id is not null as is_busy
    from known
    left join busy on known.external_id = busy.external_id
),

held as (
    insert into delivery.held_deltas (ledger_seq, target, lead_id, lane)
    select
        seq,
        %(target)s,
        lead_id,
        %(lane)s
    from addressed
    where external_id is null or is_busy
),

batches as (
    insert into delivery.batches (
        target, lane, idempotency_key, from_seq, deltas, rows, created_at
    )
    select
        %(target)s,
        %(lane)s,
        gen_random_uuid()::text,
        min(seq),
        count(*),
        (
            '['
            || string_agg(
                delivery.form_row(seq, lead_id, external_id, points, reason), ',' order by lead_id, seq
            )
            || ']'
        )::json,
        %(now)s
    from addressed
    where external_id is not null and not is_busy
    group by part
    order by part
    returning batch_id
)

select
    (select count(*) from next_rows) as size,
    (select max(seq) from next_rows) as last_seq,
    (select max(seq) from scoring.ledger) as newest_seq,
    (select count(*) from batches) as batches;

-- name: hold_deltas
select delivery.hold_deltas(%(target)s, %(seqs)s::bigint[]);
