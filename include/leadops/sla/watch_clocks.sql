-- name: read_crm_knowledge
-- What sales did is known up to the feed's as_of, or to the first activity that lifecycle has not read yet.
select
    feeds.as_of,
    least(
        feeds.as_of,
        (
            select min(activities.occurred_at)
            from lifecycle.inbox as inbox
            inner join crm.activities as activities on inbox.activity_id = activities.activity_id
            where inbox.not_before is null
        )
    ) as known_until
from crm.feeds as feeds
where feeds.feed = 'activities';

-- name: drop_reassigned_clocks
-- The cycle belongs to another person now: its clocks restart, from that person's first MQL.
with moved as (
    select distinct
        lead_id,
        cycle
    from sla.inbox
    where has_new_person
),

dropped as (
    delete from sla.clocks
    using moved
    where clocks.lead_id = moved.lead_id and clocks.cycle = moved.cycle
)

delete from sla.breaches
using moved
where breaches.lead_id = moved.lead_id and breaches.cycle = moved.cycle;

-- name: evaluate_clocks
-- Uses only what is known for certain: the CRM feed is complete up to known_until.
with changed_cycles as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as changed_cycles (lead_id, cycle)
),

due_clocks as (
    select clock_id
    from sla.clocks
    where
        state in ('running', 'at_risk', 'held')
        and warn_at <= %(now)s
        -- After a merge, only the clocks of the person's oldest lead count.
        and not exists (
            select from identity.people as people
            where people.lead_id = clocks.lead_id and people.person_id <> people.lead_id
        )
    union
    select clocks.clock_id
    from sla.clocks as clocks
    inner join changed_cycles on clocks.lead_id = changed_cycles.lead_id and clocks.cycle = changed_cycles.cycle
),

facts as (
    select
        clocks.*,
        clocks.due_at <= %(known_until)s
        -- The lead may be in the CRM under an id not known yet; then what sales did with it is unknown.
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
    inner join due_clocks on clocks.clock_id = due_clocks.clock_id
),

evaluated as (
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
    set state = evaluated.state
    from evaluated
    where
        clocks.clock_id = evaluated.clock_id
        and (
            clocks.state <> evaluated.state
            or exists (
                select 1 from changed_cycles
                where changed_cycles.lead_id = clocks.lead_id and changed_cycles.cycle = clocks.cycle
            )
        )
    returning clocks.*, evaluated.was
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
where changed.state <> 'running';

-- name: count_clocks
select
    count(*) filter (where state = 'running') as running,
    count(*) filter (where state = 'at_risk') as at_risk,
    count(*) filter (where state = 'held') as held,
    count(*) filter (where state = 'breached') as breached
from sla.clocks
where state in ('running', 'at_risk', 'held', 'breached');

-- name: list_changed_clocks
-- Each clock about which the incidents on record say something else than sla.breaches: a firing one without an
-- incident or with an older one, and one with an incident although it does not fire any more. A held clock is
-- unknown: it changes nothing.
with open_incidents as (
    select
        kind,
        case kind when 'sla_at_risk' then 'at_risk' else 'breached' end as firing_state,
        (facts ->> 'lead_id')::bigint as lead_id,
        (facts ->> 'cycle')::integer as cycle,
        facts ->> 'clock' as clock,
        (facts ->> 'changed_at')::timestamptz as changed_at
    from incidents.incidents
    where state = 'open' and kind in ('sla_at_risk', 'sla_breach') and facts ? 'clock'
),

changed as (
    select
        breaches.breach_id,
        case breaches.state when 'at_risk' then 'sla_at_risk' else 'sla_breach' end as kind,
        'firing' as status
    from sla.breaches
    left join open_incidents
        on
            breaches.lead_id = open_incidents.lead_id
            and breaches.cycle = open_incidents.cycle
            and breaches.clock = open_incidents.clock
            and breaches.state = open_incidents.firing_state
    where
        breaches.state in ('at_risk', 'breached')
        and open_incidents.changed_at is distinct from breaches.changed_at
    union all
    select
        breaches.breach_id,
        open_incidents.kind,
        'ok' as status
    from open_incidents
    inner join sla.breaches
        on
            open_incidents.lead_id = breaches.lead_id
            and open_incidents.cycle = breaches.cycle
            and open_incidents.clock = breaches.clock
    where breaches.state not in ('held', open_incidents.firing_state)
)

select
    changed.kind,
    changed.status,
    breaches.lead_id,
    breaches.cycle,
    breaches.clock,
    breaches.state,
    breaches.started_at,
    breaches.due_at,
    breaches.stopped_at,
    breaches.changed_at,
    breaches.business_minutes,
    breaches.target_minutes,
    breaches.evidence
from changed
inner join sla.breaches on changed.breach_id = breaches.breach_id;

-- name: list_missing_clocks
-- Open incidents about clocks that no longer exist, because the lead was merged or split.
select
    incidents.kind,
    incidents.subject
from incidents.incidents as incidents
where
    incidents.state = 'open'
    and incidents.kind in ('sla_at_risk', 'sla_breach')
    and incidents.facts ? 'clock'
    and not exists (
        select from sla.breaches as breaches
        where
            breaches.lead_id = (incidents.facts ->> 'lead_id')::bigint
            and breaches.cycle = (incidents.facts ->> 'cycle')::integer
            and breaches.clock = incidents.facts ->> 'clock'
    )
order by incidents.incident_id;
