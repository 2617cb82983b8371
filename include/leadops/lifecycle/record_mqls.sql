-- Looks only at leads with new ledger rows, leads whose cycle has just ended, and, when the thresholds have
-- changed, at all that pass them. Of several leads of a person only the oldest can pass.
with candidates as (
    select distinct lead_id from scoring.ledger
    -- What fades makes nobody MQL.
    where seq > %(from_seq)s and seq <= %(to_seq)s and not (kind = 'decay' and points < 0)
    union
    select unnest(%(ended)s::bigint[]) as lead_id
    union
    select lead_id from scoring.scores
    where
        %(rescan)s
        and fit >= %(fit)s
        and behaviour >= %(behaviour)s
        and (%(total)s::integer is null or total >= %(total)s::integer)
),

passing as (
    select
        scores.lead_id,
        scores.fit,
        scores.behaviour,
        scores.total,
        coalesce(latest.cycle, 0) + 1 as cycle,
        latest.ended_at
    from candidates
    inner join scoring.scores as scores
        on
            candidates.lead_id = scores.lead_id
            and not exists (
                select from identity.people as people
                where people.lead_id = candidates.lead_id and people.person_id <> people.lead_id
            )
            and scores.fit >= %(fit)s
            and scores.behaviour >= %(behaviour)s
            and (%(total)s::integer is null or scores.total >= %(total)s)
    -- Of a cycle of an imported past the MQL may not be known.
    left join lateral (
        select
            story.cycle,
            (
                select min(ending.occurred_at) from lifecycle.current_transitions as ending
                where
                    ending.lead_id = story.lead_id and ending.cycle = story.cycle and ending.stage in ('won', 'lost')
            ) as ended_at
        from lifecycle.current_transitions as story
        where story.lead_id = scores.lead_id
        order by story.cycle desc
        limit 1
    ) as latest on true
    where
        latest.cycle is null
        or (
            select sum(ledger.points) from scoring.ledger as ledger
            where
                ledger.lead_id = scores.lead_id
                and ledger.dimension = 'behaviour'
                and ledger.kind in ('rule', 'correction')
                and ledger.occurred_at > latest.ended_at
        ) >= %(again_behaviour)s
),

found as (
    select
        passing.*,
        facts.*,
        visit.campaign,
        visit.source,
        %(quiet)s or not facts.has_live_points as is_backfill
    from passing
    cross join
        lateral (
            select
                max(ledger.seq) as ledger_seq,
                (array_agg(ledger.rule_set_id order by ledger.seq desc))[1] as rule_set_id,
                coalesce(bool_or(
                    ledger.points > 0
                    and ledger.kind <> 'decay'
                    and ledger.lane = 0
                    and not coalesce(events.is_history, false)
                    and (
                        ledger.occurred_at > passing.ended_at
                        or (passing.ended_at is null and ledger.seq > %(from_seq)s)
                    )
                ), false)
                -- The model speaks at night: who then passes by its points is news if they did something that day.
                or (
                    coalesce(bool_or(ledger.kind = 'model' and ledger.points > 0 and ledger.seq > %(from_seq)s), false)
                    and coalesce(
                        bool_or(
                            ledger.kind in ('rule', 'correction')
                            and ledger.points > 0
                            and ledger.lane = 0
                            and not coalesce(events.is_history, false)
                            and ledger.recorded_at > %(now)s::timestamptz - interval '1 day'
                        ), false
                    )
                ) as has_live_points
            from scoring.ledger as ledger
            left join cdp.events as events on ledger.event_seq = events.seq
            where ledger.lead_id = passing.lead_id
        ) as facts
    left join lateral (
        select
            events.payload #>> '{context,utm,campaign}' as campaign,
            nullif(events.payload #>> '{context,utm,source}', '') as source
        from identity.person_events as resolved
        inner join cdp.events as events on resolved.event_seq = events.seq
        where
            resolved.lead_id = passing.lead_id
            and events.payload #>> '{context,utm,campaign}' <> ''
            and events.ts <= %(now)s
        order by events.ts desc, events.seq desc
        limit 1
    ) as visit on true
),

made as (
    insert into lifecycle.transitions
    (lead_id, cycle, stage, occurred_at, recorded_at, evidence, campaign, source, kpi_version)
    select
        found.lead_id,
        found.cycle,
        'mql',
        %(now)s::timestamptz,
        %(now)s::timestamptz,
        jsonb_build_object(
            'fit', found.fit, 'behaviour', found.behaviour, 'total', found.total,
            'rule_set_id', found.rule_set_id, 'ledger_seq', found.ledger_seq,
            'kpi_version', %(version)s::text, 'backfill', found.is_backfill, 'reasons', reasons.best
        ) || together.evidence,
        found.campaign,
        found.source,
        %(version)s::text
    from found
    cross join
        lateral (
            select coalesce(jsonb_agg(jsonb_build_object('rule', rule, 'points', points)), '[]') as best
            from (
                select
                    rule,
                    sum(points) as points
                from scoring.ledger
                where lead_id = found.lead_id
                group by rule
                having sum(points) > 0
                order by sum(points) desc, rule asc
                limit %(reasons)s
            ) as rules
        ) as reasons
    -- What a split will need to know.
    cross join
        lateral (
            select coalesce(
                (
                    select
                        jsonb_build_object('joined', jsonb_build_object(
                            'leads', jsonb_agg(people.lead_id order by people.lead_id), 'since', found.ended_at,
                            'fit', %(fit)s::integer, 'behaviour', %(behaviour)s::integer, 'total', %(total)s::integer,
                            'again_behaviour', %(again_behaviour)s::integer
                        ))
                    from identity.people as people
                    where people.person_id = found.lead_id
                    having count(*) > 0
                ), '{}'
            ) as evidence
        ) as together
    on conflict (lead_id, cycle, stage) do nothing
    returning lead_id, cycle, campaign, evidence
),

numbered as (
    insert into lifecycle.person_cycles (lead_id, cycle, person_cycle)
    select
        made.lead_id,
        made.cycle,
        made.cycle as person_cycle
    from made
    inner join identity.people as people on made.lead_id = people.lead_id
    on conflict (lead_id, cycle) do update set person_cycle = excluded.person_cycle
),

wanted as (
    insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
    select
        'crm',
        'create_lead',
        made.lead_id,
        jsonb_build_object(
            'email', leads.email,
            'company', coalesce(company.value #>> '{}', split_part(leads.email, '@', 2)),
            'source', coalesce(made.campaign, 'leadops'),
            'idempotency_key', installation.installation_id || '-crm-lead-' || made.lead_id || '-' || made.cycle
        ),
        'crm-lead-' || made.lead_id || '-' || made.cycle,
        case when (made.evidence ->> 'backfill')::boolean then 1 else 0 end,
        %(now)s::timestamptz
    from made
    inner join identity.leads as leads on made.lead_id = leads.lead_id
    cross join delivery.installation as installation
    left join identity.person_traits as company on made.lead_id = company.lead_id and company.trait = 'company'
    -- A form may have brought the person to the CRM before the points did.
    where
        leads.email is not null
        -- Counted, it is looked up for each new MQL; as an anti-join it would read all leads of the CRM.
        and (select count(*) from lifecycle.leads_in_crm as present where present.lead_id = made.lead_id) = 0
    on conflict (idempotency_key) do nothing
),

awaited as (
    insert into lifecycle.unlinked (lead_id, cycle)
    select
        lead_id,
        cycle
    from made
    on conflict (lead_id, cycle) do nothing
),

routed as (
    insert into routing.inbox (lead_id, cycle, why)
    select
        lead_id,
        cycle,
        'mql'
    from made
)

insert into sla.inbox (lead_id, cycle)
select
    lead_id,
    cycle
from made
