-- All that a decision needs, of the leads that have come, that wait in a queue, or that may have to move on.
-- What sales did is known up to the feed's as_of, or to the first activity that lifecycle has not read.
with known as (
    select
        least(
            feeds.as_of,
            (
                select min(activities.occurred_at)
                from lifecycle.inbox as inbox
                inner join crm.activities as activities on inbox.activity_id = activities.activity_id
                where inbox.not_before is null
            )
        ) as until
    from crm.feeds as feeds
    where feeds.feed = 'activities'
),

come as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[], %(breaches)s::boolean[]) as come (
        lead_id, cycle, is_breach
    )
),

wanted as (
    select
        lead_id,
        cycle,
        bool_or(is_breach) as is_breach,
        bool_or(is_due) as is_due
    from (
        select
            come.lead_id,
            come.cycle,
            come.is_breach,
            false as is_due
        from come
        union all
        select
            queued.lead_id,
            queued.cycle,
            false as is_breach,
            false as is_due
        from routing.leads as queued
        where queued.state = 'queued'
        union all
        select
            due.lead_id,
            due.cycle,
            false as is_breach,
            true as is_due
        from routing.leads as due
        where due.look_at is not null and due.look_at <= least(%(now)s, (select until from known))
    ) as each_of
    group by lead_id, cycle
)

select
    wanted.lead_id,
    wanted.cycle,
    wanted.is_breach,
    wanted.is_due,
    mql.occurred_at as qualified_at,
    coalesce((mql.evidence ->> 'backfill')::boolean, false) as is_quiet,
    coalesce(own.account, keys.account) as account,
    own.state,
    own.rep_id,
    own.queue,
    coalesce(own.moves, 0) as moves,
    coalesce(own.is_late, false) as is_late,
    coalesce(before.times, 0) as times,
    coalesce(before.reps, '{}') as had,
    did.contact_at is not null as is_contacted,
    did.taken_by,
    did.ended_at is not null or coalesce(stages.has_ended, false) as has_ended,
    coalesce(
        (select min(known.holder_id) from lifecycle.crm_leads as known where known.lead_id = wanted.lead_id),
        joined.created_id,
        wanted.lead_id
    ) as crm_lead,
    coalesce(joined.leads, array[wanted.lead_id]) as members,
    jsonb_strip_nulls(coalesce(traits.facts, '{}') || jsonb_build_object('campaign', mql.campaign)) as facts
from wanted
inner join lifecycle.current_transitions as mql
    on wanted.lead_id = mql.lead_id and wanted.cycle = mql.cycle and mql.stage = 'mql'
left join routing.leads as own on wanted.lead_id = own.lead_id and wanted.cycle = own.cycle
left join identity.leads as leads on wanted.lead_id = leads.lead_id
left join lateral (
    select
        (array_agg(others.account_id order by others.lead_id) filter (where others.account_id is not null))[1]
            as account_id,
        array_agg(others.lead_id) as leads,
        min(others.lead_id) filter (
            where exists (
                select from delivery.outbox as creating
                where
                    creating.lead_id = others.lead_id
                    and creating.target = 'crm'
                    and creating.operation = 'create_lead'
                    and creating.state in ('pending', 'sending', 'done')
            )
        ) as created_id
    from identity.people as people
    inner join identity.leads as others on people.lead_id = others.lead_id
    where people.person_id = wanted.lead_id
) as joined on true
left join lateral (
    select
        jsonb_object_agg(known_traits.trait, known_traits.value #>> '{}') as facts,
        max(lower(btrim(known_traits.value #>> '{}'))) filter (where known_traits.trait = 'company') as company
    from identity.person_traits as known_traits
    where known_traits.lead_id = wanted.lead_id
) as traits on true
cross join
    lateral (
        select
            coalesce(
                'account:' || coalesce(leads.account_id, joined.account_id),
                'company:' || md5(nullif(traits.company, '')),
                'lead:' || wanted.lead_id
            ) as account
    ) as keys
left join lateral (
    select
        count(*) filter (
            where assignments.lead_id = wanted.lead_id and assignments.cycle = wanted.cycle
        ) as times,
        array_agg(distinct assignments.rep_id) filter (where assignments.rep_id is not null) as reps
    from routing.assignments as assignments
    left join lifecycle.person_cycles as numbers
        on assignments.lead_id = numbers.lead_id and assignments.cycle = numbers.cycle
    where
        assignments.lead_id = any(coalesce(joined.leads, array[wanted.lead_id]))
        and wanted.cycle in (numbers.person_cycle, assignments.cycle)
) as before on true
left join lateral (
    select
        min(facts.occurred_at) filter (where facts.fact = 'contact') as contact_at,
        min(facts.rep_id) filter (where facts.fact = 'taken') as taken_by,
        min(facts.occurred_at) filter (where facts.fact in ('won', 'lost')) as ended_at
    from lifecycle.facts as facts
    where facts.lead_id = wanted.lead_id and facts.cycle = wanted.cycle
) as did on true
-- What an import tells of the past is nobody's work: no lead is given to somebody for it.
left join lateral (
    select
        bool_or(transitions.stage = 'mql' and not transitions.evidence ? 'imported') as is_live,
        bool_or(transitions.stage in ('won', 'lost')) as has_ended
    from lifecycle.transitions as transitions
    left join lifecycle.person_cycles as numbers
        on transitions.lead_id = numbers.lead_id and transitions.cycle = numbers.cycle
    where
        transitions.lead_id = any(coalesce(joined.leads, array[wanted.lead_id]))
        and coalesce(numbers.person_cycle, transitions.cycle) = wanted.cycle
) as stages on true
where own.lead_id is not null or stages.is_live
order by mql.occurred_at asc, wanted.lead_id asc, wanted.cycle asc
