-- name: measure_backlogs
-- Per target: the oldest live score change that has not arrived, and how much waits behind it.
-- What a person sent again counts from then on, not from when it was first wanted.
with waiting as (
    -- cut into no batch yet: looked up in order from the cursor on, never far from the end; a million are enough
    select
        'ma' as target,
        min(behind.recorded_at) as oldest_at,
        count(*) as deltas
    from (
        select ledger.recorded_at
        from scoring.ledger
        where
            ledger.lane = 0
            and ledger.seq > coalesce(
                (select ledger_seq from delivery.cursors where target = 'ma' and lane = 0), 0
            )
        order by ledger.seq
        limit 1000000
    ) as behind
    union all
    -- in a batch that is not settled
    select
        batches.target,
        min(coalesce(ledger.recorded_at, batches.created_at)),
        sum(batches.deltas)
    from delivery.batches
    left join scoring.ledger on batches.from_seq = ledger.seq
    where batches.state = 'ready' and batches.lane = 0
    group by batches.target
    union all
    -- A total that goes out once more, and that no answer takes. It goes with backfill, whose changes may wait.
    select
        batches.target,
        min(batches.created_at),
        sum(batches.deltas)
    from delivery.batches
    where
        batches.state = 'ready' and batches.lane <> 0 and batches.from_seq is null and batches.attempts > 0
        and not exists (
            select from json_array_elements(batches.rows) as delta (delta)
            where (delta.delta ->> 'seq')::bigint > 0
        )
    group by batches.target
    union all
    -- held until the lead is known; if its creation was refused, the dead letter reports it, not this check
    select
        held.target,
        min(greatest(ledger.recorded_at, retried.retried_at)),
        count(*)
    from delivery.held_deltas as held
    inner join scoring.ledger on held.ledger_seq = ledger.seq
    cross join
        lateral (
            select max(letters.settled_at) as retried_at
            from delivery.dead_letters as letters
            where
                letters.kind = 'delta'
                and letters.reference = held.ledger_seq
                and letters.target = held.target
                and letters.state = 'retried'
        ) as retried
    where
        held.lane = 0
        -- the incident leads_gone is about these
        and not exists (
            select 1 from delivery.external_ids as gone
            where gone.target = held.target and gone.lead_id = held.lead_id and gone.state = 'gone'
        )
        and not (
            exists (
                select 1 from delivery.outbox as given_up
                where
                    given_up.lead_id = held.lead_id
                    and given_up.target = held.target
                    and given_up.operation = 'upsert_lead'
                    and given_up.state in ('dead', 'dropped')
            )
            and not exists (
                select 1 from delivery.external_ids as known
                where known.target = held.target and known.lead_id = held.lead_id
            )
            and not exists (
                select 1 from delivery.outbox as making
                where
                    making.lead_id = held.lead_id
                    and making.target = held.target
                    and making.operation = 'upsert_lead'
                    and making.state in ('pending', 'sending')
            )
        )
    group by held.target
),

summed as (
    select
        target,
        min(oldest_at) as oldest_at,
        sum(deltas)::bigint as deltas
    from waiting
    group by target
)

select
    summed.target,
    summed.oldest_at,
    summed.deltas,
    targets.paused_until,
    targets.pause_reason
from summed
left join delivery.targets on summed.target = targets.target
where summed.oldest_at is not null;

-- name: measure_outbox
-- Per target: the oldest live effect that is late, and how much waits behind it.
-- What a person sent again counts from then on, not from when it was first wanted.
with waiting as (
    select
        effects.target,
        min(greatest(effects.created_at, retried.retried_at)) as oldest_at,
        count(*) as effects,
        count(distinct effects.lead_id) as leads
    from delivery.waiting_effects as effects
    cross join
        lateral (
            select max(letters.settled_at) as retried_at
            from delivery.dead_letters as letters
            where
                letters.kind = 'effect'
                and letters.reference = effects.outbox_id
                and letters.state = 'retried'
        ) as retried
    where effects.lane = 0 and not effects.may_wait
    group by effects.target
)

select
    waiting.target,
    waiting.oldest_at,
    waiting.effects,
    waiting.leads,
    targets.paused_until,
    targets.pause_reason
from waiting
left join delivery.targets on waiting.target = targets.target;

-- name: list_used_up
select
    quotas.target,
    greatest(quotas.used_up_until, quotas.closed_until) as ends_at,
    (
        select coalesce(sum(counts.calls), 0)::integer
        from delivery.call_counts as counts
        where counts.target = quotas.target and counts.starts_at > %(now)s::timestamptz - interval '24 hours'
    ) as calls
from delivery.quotas
where quotas.used_up_until > %(now)s or quotas.closed_until > %(now)s
order by quotas.target;

-- name: count_dead_letters
with letters as materialized (
    select
        target,
        lead_id,
        reason,
        died_at
    from delivery.reported_letters
)

select
    letters.target,
    count(*) as letters,
    count(*) filter (where letters.reason = %(ambiguous)s) as unknown,
    min(letters.died_at) as first_at,
    (
        select array_agg(reasons.reason order by reasons.letters desc, reasons.reason asc)
        from (
            select
                reason,
                count(*) as letters
            from letters as same_target
            where same_target.target = letters.target
            group by reason
            order by count(*) desc, reason asc
            limit 3
        ) as reasons
    ) as reasons,
    count(distinct letters.lead_id) as leads,
    (array_agg(distinct letters.lead_id) filter (where letters.lead_id is not null))[1:5] as lead_ids
from letters
group by letters.target;

-- name: count_gone
-- Leads that went from a target lately.
with went as (
    select
        gone.target,
        gone.lead_id,
        gone.changed_at,
        gone.reason,
        (
            select count(*) from delivery.held_deltas as held
            where held.target = gone.target and held.lead_id = gone.lead_id
        ) > 0 as is_waiting
    from delivery.external_ids as gone
    -- Who was erased went at our own request.
    where gone.state = 'gone' and gone.reason is distinct from 'erased' and gone.changed_at > %(since)s
)

select
    target,
    count(*) as leads,
    count(*) filter (where is_waiting) as waiting,
    min(changed_at) as first_at,
    array_agg(distinct reason) as reasons,
    (array_agg(lead_id order by changed_at desc, lead_id asc))[1:5] as lead_ids
from went
group by target;

-- name: find_last_audit
-- The last comparison of the MA with the ledger that came to its end.
select
    night,
    ended_at,
    differing - corrected as left_over,
    correction_limit,
    case when missing_in_ma > missing_limit then missing_in_ma end as missing,
    nullif(inconsistent, 0) as inconsistent,
    lead_ids
from delivery.audits
where ended_at is not null
order by audit_id desc
limit 1;

-- name: count_held_calls
-- Calls that wait; what is not in a batch yet is counted with the first push.
select
    (select count(*) from delivery.outbox where state in ('pending', 'sending'))
    + (select count(*) from delivery.batches where state = 'ready') as calls;

-- name: count_waiting
-- Calls to one target that wait; what is not in a batch yet is counted with the first push.
select
    (
        select count(*) from delivery.outbox as wanted
        where wanted.target = %(target)s and wanted.state in ('pending', 'sending')
    ) + (
        select count(*) from delivery.batches as open_calls
        where open_calls.target = %(target)s and open_calls.state = 'ready'
    ) as calls;

-- name: count_duplicates
select
    target,
    duplicates as count,
    duplicates_at as last_at,
    duplicate_leads as lead_ids
from delivery.targets
where duplicates_at > %(since)s;
