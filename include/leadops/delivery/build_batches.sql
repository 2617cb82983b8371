-- name: from_held
-- Held deltas whose lead the target now knows, in ledger order. As few as one call takes are not divided into slices,
-- while no divided call of the lane is open.
with division as materialized (
    select
        case
            when exists (
                select from delivery.batches
                where
                    batches.target = %(target)s and batches.lane = %(lane)s and batches.state = 'ready'
                    and batches.not_before is null and batches.slices > 1
            ) then %(slices)s::integer
            when (
                select count(*)
                from (
                    select from delivery.held_deltas as waiting
                    inner join delivery.external_ids as known
                        on
                            waiting.target = known.target and waiting.lead_id = known.lead_id
                            and known.state = 'present'
                    where waiting.target = %(target)s and waiting.lane = %(lane)s
                    order by waiting.ledger_seq
                    limit %(batch_size)s + 1
                ) as sendable
            ) > %(batch_size)s then %(slices)s::integer
            else 1
        end as slices
),

busy as materialized (
    select busy.external_id
    from division
    cross join lateral delivery.list_busy_leads(%(target)s, division.slices) as busy
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

sliced as (
    select
        taken.*,
        division.slices,
        delivery.find_slice(taken.external_id, division.slices) as slice
    from taken
    cross join division
),

numbered as (
    select
        sliced.*,
        ledger.points,
        ledger.reason,
        (row_number() over (partition by sliced.slice order by sliced.ledger_seq) - 1) / %(batch_size)s::bigint as part
    from sliced
    inner join scoring.ledger as ledger on sliced.ledger_seq = ledger.seq
)

insert into delivery.batches (
    target, lane, slice, slices, idempotency_key, deltas, ledger_seqs, rows, created_at
)
select
    %(target)s,
    %(lane)s,
    slice,
    slices,
    gen_random_uuid()::text,
    count(*),
    array_agg(ledger_seq order by ledger_seq),
    (
        '['
        || string_agg(
            delivery.form_row(ledger_seq, lead_id, external_id, points, reason), ',' order by lead_id, ledger_seq
        )
        || ']'
    )::json,
    %(now)s
from numbered
group by slice, slices, part
order by min(ledger_seq);

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
-- Writers of the ledger commit in the order of seq: a visible seq has all earlier ones before it. As few rows as one
-- call takes are not divided into slices, while no divided call of the lane is open.
with next_rows as materialized (
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

division as materialized (
    select
        case
            when (select count(*) from next_rows) > %(batch_size)s or exists (
                select from delivery.batches
                where
                    batches.target = %(target)s and batches.lane = %(lane)s and batches.state = 'ready'
                    and batches.not_before is null and batches.slices > 1
            ) then %(slices)s::integer
            else 1
        end as slices
),

busy as materialized (
    select busy.external_id
    from division
    cross join lateral delivery.list_busy_leads(%(target)s, division.slices) as busy
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

sliced as (
    select
        addressed.*,
        division.slices,
        delivery.find_slice(addressed.external_id, division.slices) as slice
    from addressed
    cross join division
    where addressed.external_id is not null and not addressed.is_busy
),

numbered as (
    select
        sliced.*,
        (row_number() over (partition by slice order by seq) - 1) / %(batch_size)s::bigint as part
    from sliced
),

batches as (
    insert into delivery.batches (
        target, lane, slice, slices, idempotency_key, from_seq, deltas, ledger_seqs, rows, created_at
    )
    select
        %(target)s,
        %(lane)s,
        slice,
        slices,
        gen_random_uuid()::text,
        min(seq),
        count(*),
        array_agg(seq order by seq),
        (
            '['
            || string_agg(
                delivery.form_row(seq, lead_id, external_id, points, reason), ',' order by lead_id, seq
            )
            || ']'
        )::json,
        %(now)s
    from numbered
    group by slice, slices, part
    order by min(seq)
    returning batch_id
)

select
    (select count(*) from next_rows) as size,
    (select max(seq) from next_rows) as last_seq,
    (select max(seq) from scoring.ledger) as newest_seq,
    (select count(*) from batches) as batches;

-- name: hold_deltas
select delivery.hold_deltas(%(target)s, %(seqs)s::bigint[]);

-- name: count_waiting
-- Score changes go to the target whose cursor follows the ledger.
select
    lanes.lane,
    (
        select count(*)
        from delivery.outbox
        where
            outbox.target = %(target)s and outbox.lane = lanes.lane and outbox.state in ('pending', 'sending')
    ) as effects,
    (
        select count(*)
        from delivery.batches
        where batches.target = %(target)s and batches.lane = lanes.lane and batches.state = 'ready'
    ) as batches,
    (
        select count(*)
        from delivery.held_deltas as held
        where held.target = %(target)s and held.lane = lanes.lane
    ) + (
        select count(*)
        from scoring.ledger as ledger
        where
            ledger.lane = lanes.lane
            and ledger.seq > coalesce(
                (
                    select cursors.ledger_seq from delivery.cursors
                    where cursors.target = %(target)s and cursors.lane = lanes.lane
                ), 0
            )
            and %(target)s = 'ma'
    ) as deltas,
    (
        select count(distinct waiting.lead_id)
        from (
            select held.lead_id
            from delivery.held_deltas as held
            where %(sets_totals)s and held.target = %(target)s and held.lane = lanes.lane
            union all
            select ledger.lead_id
            from scoring.ledger as ledger
            where
                %(sets_totals)s
                and ledger.lane = lanes.lane
                and ledger.seq > coalesce(
                    (
                        select cursors.ledger_seq from delivery.cursors
                        where cursors.target = %(target)s and cursors.lane = lanes.lane
                    ), 0
                )
                and %(target)s = 'ma'
            union all
            select wanted.lead_id
            from delivery.totals as wanted
            where
                %(sets_totals)s
                and wanted.target = %(target)s and wanted.due_at <= %(now)s and lanes.lane = %(again_lane)s
        ) as waiting
    ) as totals
from unnest(%(lanes)s::smallint[]) as lanes (lane)
order by lanes.lane;
