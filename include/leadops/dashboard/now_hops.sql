-- name: measure_scoring
-- From the arrival of an event until its points are in the ledger. What waits is counted up to a limit, and the usual
-- time is that of the newest rows of the ledger, so that it costs the same however many there are.
with newest as (
    select
        ledger.event_seq,
        ledger.recorded_at,
        ledger.lane
    from scoring.ledger
    order by ledger.seq desc
    limit 1000
),

spans as (
    select extract(epoch from newest.recorded_at - events.received_at)::double precision as seconds
    from newest
    inner join cdp.events on newest.event_seq = events.seq
    where newest.lane = 0 and newest.recorded_at > %(since)s::timestamptz
),

unresolved as (
    select inbox.event_seq from identity.inbox
    order by inbox.event_seq
    limit %(max_rows)s::bigint
),

unscored as (
    select inbox.event_seq from scoring.inbox
    where inbox.lane = 0
    order by inbox.seq
    limit %(max_rows)s::bigint
)

select
    (select count(*) from unresolved) + (select count(*) from unscored) as waiting,
    (
        select events.received_at from cdp.events
        where
            events.seq = least(
                (select min(unresolved.event_seq) from unresolved), (select min(unscored.event_seq) from unscored)
            )
    ) as oldest_at,
    (select percentile_cont(0.5) within group (order by spans.seconds) from spans) as usual_seconds;

-- name: measure_pushing
-- From a row of the ledger until the MA has it.
with spans as (
    select
        extract(
            epoch from batches.settled_at - coalesce(ledger.recorded_at, batches.created_at)
        )::double precision as seconds
    from delivery.batches
    left join scoring.ledger on batches.from_seq = ledger.seq
    where
        batches.target = 'ma'
        and batches.lane = 0
        and batches.state = 'done'
        and batches.settled_at > %(since)s::timestamptz
)

select percentile_cont(0.5) within group (order by spans.seconds) from spans;

-- name: measure_forms
-- From the request for a lead in the CRM, which a form makes as it arrives, until the CRM has it.
with spans as (
    select extract(epoch from outbox.settled_at - outbox.created_at)::double precision as seconds
    from delivery.outbox
    where
        outbox.state in ('done', 'dropped')
        and outbox.body is not null
        and outbox.settled_at > %(since)s::timestamptz
        and outbox.state = 'done'
        and outbox.target = 'crm'
        and outbox.operation = 'create_lead'
        and outbox.lane = 0
)

select
    count(*) as waiting,
    min(outbox.created_at) as oldest_at,
    (select percentile_cont(0.5) within group (order by spans.seconds) from spans) as usual_seconds
from delivery.outbox
where
    outbox.state in ('pending', 'sending')
    and outbox.target = 'crm'
    and outbox.lane = 0
    and outbox.operation = 'create_lead';
