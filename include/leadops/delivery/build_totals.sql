-- name: align_leads
-- The total that is sent is what a comparison would bring about; only where a lead has moved to is not known yet. Of
-- leads that are merged again and again, the reason stays: see presence.mark_merged. So does that of leads that are
-- refused as being elsewhere, and read as there. Rows that another process changes
-- right now are left to it.
with due as (
    select lead_id
    from delivery.external_ids
    where
        target = %(target)s
        and state = 'unaligned'
        and reason is distinct from %(moved)s
        and coalesce(not_before, %(now)s) <= %(now)s
    for update skip locked
),

aligned as (
    update delivery.external_ids as known
    set
        state = 'present',
        changed_at = case when known.reason = %(there)s then known.changed_at else %(now)s::timestamptz end,
        reason = case when known.reason in ('merged', %(there)s) then known.reason end,
        not_before = null
    from due
    where known.target = %(target)s and known.lead_id = due.lead_id
    returning known.lead_id, known.external_id
)

insert into delivery.totals as known (target, lead_id, external_id, due_at)
select
    %(target)s,
    aligned.lead_id,
    aligned.external_id,
    %(now)s
from aligned
on conflict (target, lead_id) do update
    set
        external_id = excluded.external_id,
        seq = case when known.external_id = excluded.external_id then known.seq else 0 end,
        due_at = excluded.due_at,
        refused = null;

-- name: from_held
-- Held changes whose lead the target has, and that is in no open call, in ledger order.
with busy as materialized (
    select external_id from delivery.called_leads where target = %(target)s
),

due as (
    select
        held.ledger_seq,
        known.external_id
    from delivery.held_deltas as held
    inner join delivery.external_ids as known
        on held.target = known.target and held.lead_id = known.lead_id and known.state = 'present'
    where
        held.target = %(target)s
        and held.lane = %(lane)s
        and known.external_id not in (select busy.external_id from busy)
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

placed as (
    select
        taken.*,
        ledger.points,
        ledger.reason,
        min(taken.ledger_seq) over (partition by taken.external_id) as first_seq
    from taken
    inner join scoring.ledger as ledger on taken.ledger_seq = ledger.seq
),

numbered as (
    select
        placed.*,
        (dense_rank() over (order by placed.first_seq) - 1) / %(batch_size)s::bigint as part
    from placed
)

insert into delivery.batches (target, lane, idempotency_key, deltas, ledger_seqs, rows, created_at)
select
    %(target)s,
    %(lane)s,
    gen_random_uuid()::text,
    count(*),
    array_agg(ledger_seq order by ledger_seq),
    (
        '['
        || string_agg(
            delivery.form_row(ledger_seq, lead_id, external_id, points, reason), ',' order by first_seq, ledger_seq
        )
        || ']'
    )::json,
    %(now)s
from numbered
group by part
order by part;

-- name: from_ledger
-- Writers of the ledger commit in the order of seq: a visible seq has all earlier ones before it. Rows that the total
-- which the target has already covers are passed over.
with busy as materialized (
    select external_id from delivery.called_leads where target = %(target)s
),

next_rows as materialized (
    select
        seq,
        lead_id,
        points,
        reason
    from scoring.ledger
    where seq > %(after)s and lane = %(lane)s
    order by seq
    limit %(max_rows)s
),

addressed as materialized (
    select
        next_rows.*,
        known.external_id,
        known.state = 'present' and known.external_id not in (select busy.external_id from busy) as is_sendable
    -- Open calls as a hashed subplan: a join would be a nested loop, since the planner takes them for a few rows.
    from next_rows
    -- One look-up per row: with a join the planner would read the ids of all leads for each range.
    left join lateral (
        select
            ids.external_id,
            ids.state
        from delivery.external_ids as ids
        where ids.target = %(target)s and ids.lead_id = next_rows.lead_id
        order by ids.lead_id
        limit 1
    ) as known on true
    left join lateral (
        select given.seq
        from delivery.totals as given
        where
            given.target = %(target)s and given.lead_id = next_rows.lead_id
            and given.external_id = known.external_id
        order by given.lead_id
        limit 1
    ) as taken on true
    where next_rows.seq > coalesce(taken.seq, 0)
),

held as (
    insert into delivery.held_deltas (ledger_seq, target, lead_id, lane)
    select
        seq,
        %(target)s,
        lead_id,
        %(lane)s
    from addressed
    where is_sendable is distinct from true
    on conflict (ledger_seq) do nothing
),

placed as (
    select
        addressed.*,
        min(seq) over (partition by external_id) as first_seq
    from addressed
    where is_sendable
),

numbered as (
    select
        placed.*,
        (dense_rank() over (order by placed.first_seq) - 1) / %(batch_size)s::bigint as part
    from placed
),

batches as (
    insert into delivery.batches (target, lane, idempotency_key, from_seq, deltas, ledger_seqs, rows, created_at)
    select
        %(target)s,
        %(lane)s,
        gen_random_uuid()::text,
        min(seq),
        count(*),
        array_agg(seq order by seq),
        (
            '['
            || string_agg(
                delivery.form_row(seq, lead_id, external_id, points, reason), ',' order by first_seq, seq
            )
            || ']'
        )::json,
        %(now)s
    from numbered
    group by part
    order by part
    returning batch_id
)

select
    (select count(*) from next_rows) as size,
    (select max(seq) from next_rows) as last_seq,
    (select max(seq) from scoring.ledger) as newest_seq,
    (select count(*) from batches) as batches;

-- name: from_due
-- Totals that are wanted once more, of leads that the target has, and that are in no open call.
with busy as materialized (
    select external_id from delivery.called_leads where target = %(target)s
),

due as (
    select
        wanted.external_id,
        min(wanted.lead_id) as lead_id,
        min(wanted.due_at) as due_at
    from delivery.totals as wanted
    inner join delivery.external_ids as known
        on
            wanted.target = known.target and wanted.lead_id = known.lead_id
            and wanted.external_id = known.external_id and known.state = 'present'
    where
        wanted.target = %(target)s
        and wanted.due_at <= %(now)s
        and wanted.external_id not in (select busy.external_id from busy)
    group by wanted.external_id
    order by min(wanted.due_at), min(wanted.lead_id)
    limit %(max_rows)s
),

numbered as (
    select
        due.*,
        (row_number() over (order by due.due_at, due.lead_id) - 1) / %(batch_size)s::bigint as part
    from due
)

insert into delivery.batches (target, lane, idempotency_key, deltas, rows, created_at)
select
    %(target)s,
    %(lane)s,
    gen_random_uuid()::text,
    count(*),
    (
        '['
        || string_agg(delivery.form_row(0, lead_id, external_id, 0, 'once more'), ',' order by due_at, lead_id)
        || ']'
    )::json,
    %(now)s
from numbered
group by part
order by part;

-- name: promote_batches
-- Calls of another lane in which the lead of a change of this lane is, so that the change waits for them.
with waiting as materialized (
    select distinct known.external_id
    from delivery.held_deltas as held
    inner join delivery.external_ids as known
        on held.target = known.target and held.lead_id = known.lead_id and known.state = 'present'
    where held.target = %(target)s and held.lane = %(lane)s
),

blocking as (
    select batches.batch_id
    from delivery.batches as batches
    where
        batches.target = %(target)s and batches.state = 'ready' and batches.lane <> %(lane)s
        and exists (
            select from json_array_elements(batches.rows) as delta (delta)
            inner join waiting on delta.delta ->> 'external_id' = waiting.external_id
        )
    order by batches.batch_id
    for update skip locked
)

update delivery.batches
set lane = %(lane)s
from blocking
where batches.batch_id = blocking.batch_id;

-- name: list_lanes
-- Totals that are wanted once more have one lane; in which lane changes of an unaligned lead wait is not known.
select lanes.lane
from unnest(%(lanes)s::smallint[]) as lanes (lane)
where
    (
        lanes.lane = %(again_lane)s::smallint
        and exists (
            select from delivery.totals as wanted
            inner join delivery.external_ids as known
                on
                    wanted.target = known.target and wanted.lead_id = known.lead_id
                    and wanted.external_id = known.external_id and known.state = 'present'
            where wanted.target = %(target)s and wanted.due_at <= %(now)s
        )
    )
    or exists (
        select from delivery.external_ids as known
        where
            known.target = %(target)s and known.state = 'unaligned' and known.reason is distinct from %(moved)s
            and coalesce(known.not_before, %(now)s::timestamptz) <= %(now)s::timestamptz
    );

-- name: want_total
insert into delivery.totals as given (target, lead_id, external_id, due_at)
select
    known.target,
    known.lead_id,
    known.external_id,
    %(now)s::timestamptz
from delivery.external_ids as known
where known.target = %(target)s and known.lead_id = %(lead_id)s
on conflict (target, lead_id) do update
    set
        external_id = excluded.external_id,
        seq = case when given.external_id = excluded.external_id then given.seq else 0 end,
        due_at = excluded.due_at,
        refused = null;

-- name: forget_totals
delete from delivery.totals
where lead_id = any(%(lead_ids)s::bigint[]);
