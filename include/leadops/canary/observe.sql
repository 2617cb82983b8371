-- name: observe
-- What the tables say of hops that have begun and are not done. A stage's own time counts where it has one.
with waiting as materialized (
    select
        hops.visit_id,
        hops.hop,
        hops.begins_at,
        visits.event_id,
        'form-' || visits.form_key as form_event_id,
        visits.started_at,
        visits.warehouses,
        events.seq as event_seq,
        leads.lead_id,
        scored.seen_at as scored_seen_at
    from canary.hops as hops
    inner join canary.visits as visits on hops.visit_id = visits.visit_id and visits.ended_at is null
    inner join canary.visitors as visitors on visits.visitor_id = visitors.visitor_id
    left join cdp.events as events on visits.event_id = events.event_id
    left join identity.leads as leads on visitors.email = leads.email
    left join canary.hops as scored on hops.visit_id = scored.visit_id and scored.hop = 'score'
    where hops.done_at is null and hops.begins_at is not null
),

evidence as (
    select
        waiting.visit_id,
        waiting.hop,
        coalesce(
            (
                select min(ledger.recorded_at) from scoring.ledger as ledger
                where ledger.lead_id = waiting.lead_id and ledger.event_seq = waiting.event_seq
            ),
            %(now)s::timestamptz
        ) as done_at
    from waiting
    where
        waiting.hop = 'resolve'
        and exists (
            select from identity.resolved_events as resolved
            where resolved.lead_id = waiting.lead_id and resolved.event_seq = waiting.event_seq
        )
    union all
    select
        waiting.visit_id,
        waiting.hop,
        min(ledger.recorded_at) as done_at
    from waiting
    inner join scoring.ledger as ledger
        on waiting.lead_id = ledger.lead_id and waiting.event_seq = ledger.event_seq
    where waiting.hop = 'score'
    group by waiting.visit_id, waiting.hop
    union all
    -- The change was in a call, or the total that was set covers it.
    select
        waiting.visit_id,
        waiting.hop,
        coalesce(min(batches.settled_at), %(now)s::timestamptz) as done_at
    from waiting
    inner join scoring.ledger as ledger
        on waiting.lead_id = ledger.lead_id and waiting.event_seq = ledger.event_seq
    left join delivery.batches as batches
        on
            batches.state = 'done'
            and batches.target = 'ma'
            and waiting.started_at <= batches.settled_at
            and ledger.seq = any(batches.ledger_seqs)
    left join delivery.totals as totals
        on totals.target = 'ma' and waiting.lead_id = totals.lead_id and ledger.seq <= totals.seq
    where waiting.hop = 'push' and (batches.batch_id is not null or totals.lead_id is not null)
    group by waiting.visit_id, waiting.hop
    union all
    select
        waiting.visit_id,
        waiting.hop,
        effects.settled_at as done_at
    from waiting
    inner join delivery.outbox as effects
        on effects.idempotency_key = 'canary-crm-' || waiting.form_event_id and effects.state = 'done'
    where waiting.hop = 'crm'
    union all
    -- The feed was read to its end, which is at least as new as what came before.
    select
        waiting.visit_id,
        waiting.hop,
        feeds.polled_at as done_at
    from waiting
    inner join crm.feeds as feeds
        on
            feeds.resume_at is null
            and waiting.begins_at <= feeds.polled_at
            and feeds.as_of + feeds.held_back >= waiting.begins_at
    where waiting.hop = 'feed'
    union all
    -- Every target has what was committed before the points were seen.
    select
        waiting.visit_id,
        waiting.hop,
        %(now)s::timestamptz as done_at
    from waiting
    where
        waiting.hop = 'export'
        and not exists (
            select from unnest(waiting.warehouses) as wanted (target)
            where not exists (
                select from warehouse.exports as exports
                where
                    exports.target = wanted.target
                    and exports.mart = 'ledger'
                    and exports.complete_at >= waiting.scored_seen_at
            )
        )
)

update canary.hops
set done_at = evidence.done_at, seen_at = %(now)s
from evidence
where hops.visit_id = evidence.visit_id and hops.hop = evidence.hop and hops.done_at is null;

-- name: begin_hops
-- A hop begins when the last of those before it is done; never before its visit, whatever the clocks say.
with beginning as (
    select
        later.visit_id,
        later.hop,
        greatest(max(earlier.done_at), max(visits.started_at)) as begins_at
    from canary.hops as later
    inner join canary.visits as visits on later.visit_id = visits.visit_id and visits.ended_at is null
    inner join canary.hops as earlier on later.visit_id = earlier.visit_id and earlier.hop = any(later.follows)
    where later.done_at is null and later.begins_at is null
    group by later.visit_id, later.hop
    having bool_and(earlier.done_at is not null)
)

update canary.hops
set begins_at = beginning.begins_at
from beginning
where hops.visit_id = beginning.visit_id and hops.hop = beginning.hop;

-- name: end_visits
update canary.visits
set
    ended_at = %(now)s,
    gave_up = exists(
        select from canary.hops as hops
        where hops.visit_id = visits.visit_id and hops.done_at is null
    )
where
    visits.ended_at is null
    and (
        visits.started_at < %(give_up_before)s
        or not exists (
            select from canary.hops as hops
            where hops.visit_id = visits.visit_id and hops.done_at is null
        )
    );
