-- The verdict on a clock never needs more than what is known: the feed is complete up to known_until.
with touched as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as touched (lead_id, cycle)
),

looked_at as (
    select clock_id
    from sla.clocks
    where
        state in ('running', 'at_risk', 'held')
        and warn_at <= %(now)s
        -- Of a lead that was joined to another the other's clocks count.
        and not exists (
            select from identity.people as people
            where people.lead_id = clocks.lead_id and people.person_id <> people.lead_id
        )
    union
    select clocks.clock_id
    from sla.clocks as clocks
    inner join touched on clocks.lead_id = touched.lead_id and clocks.cycle = touched.cycle
),

facts as (
    select
        clocks.*,
        clocks.due_at <= %(known_until)s
        -- The lead may be in the CRM under an id that we have not learned: what sales did with it is unknown.
        and not exists (
            select 1
            from lifecycle.unlinked as unlinked
            inner join delivery.outbox as outbox
                on outbox.idempotency_key = 'crm-lead-' || unlinked.lead_id || '-' || unlinked.cycle
            where
                unlinked.lead_id = clocks.lead_id
                and unlinked.cycle = clocks.cycle
                and outbox.state = 'sending'
                and outbox.attempts > 0
        ) as is_known_at_due
    from sla.clocks as clocks
    inner join looked_at on clocks.clock_id = looked_at.clock_id
),

judged as (
    select
        facts.clock_id,
        facts.state as was,
        case
            when facts.stopped_at <= facts.due_at then 'met'
            when facts.is_known_at_due and facts.stopped_at is not null then 'met_late'
            when facts.is_known_at_due or facts.state = 'breached' then 'breached'
            when
                facts.due_at <= %(now)s
                and (
                    facts.state = 'held'
                    or coalesce(%(known_until)s::timestamptz < %(late_before)s, true)
                    or facts.due_at <= %(known_until)s
                )
                then 'held'
            when facts.warn_at <= %(known_until)s or facts.state in ('at_risk', 'held') then 'at_risk'
            else 'running'
        end as state
    from facts
),

changed as (
    update sla.clocks
    set state = judged.state
    from judged
    where
        clocks.clock_id = judged.clock_id
        and (
            clocks.state <> judged.state
            or exists (
                select 1 from touched where touched.lead_id = clocks.lead_id and touched.cycle = clocks.cycle
            )
        )
    returning clocks.*, judged.was
)

select
    changed.lead_id,
    changed.cycle,
    changed.clock,
    changed.state,
    changed.started_at,
    changed.due_at,
    changed.stopped_at,
    changed.business_minutes,
    changed.target_minutes,
    changed.was <> changed.state as is_new,
    changed.evidence || jsonb_strip_nulls(jsonb_build_object(
        'crm_lead_id', (
            select links.crm_lead_id from lifecycle.links as links
            where links.lead_id = changed.lead_id
            order by links.linked_at desc, links.crm_lead_id desc
            limit 1
        ),
        'rep_id', (
            select facts.rep_id from lifecycle.facts as facts
            where facts.lead_id = changed.lead_id and facts.cycle = changed.cycle and facts.rep_id is not null
            order by facts.fact = 'taken' desc, facts.occurred_at asc
            limit 1
        ),
        'stopped_by', changed.stopped_by
    )) as evidence
from changed
where changed.state <> 'running'
