-- A stage is reached at the first moment at which what is known by then is enough, by the version of then.
with versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (
        version text, since timestamptz, until timestamptz, within_hours double precision, at_least integer
    )
),

changed as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as changed (lead_id, cycle)
),

known as (
    select
        facts.lead_id,
        facts.cycle,
        facts.fact,
        facts.occurred_at,
        facts.rep_id,
        facts.activity_id,
        bool_or(facts.fact = 'taken') over by_then as is_taken,
        bool_or(facts.fact = 'contact') over by_then as is_contacted,
        bool_or(facts.fact = 'meeting') over by_then as has_meeting,
        count(*) filter (where facts.fact like 'criterion:%%') over by_then as criteria,
        jsonb_object_agg(facts.fact, facts.occurred_at) over by_then as facts
    from lifecycle.facts as facts
    inner join changed on facts.lead_id = changed.lead_id and facts.cycle = changed.cycle
    window by_then as (partition by facts.lead_id, facts.cycle order by facts.occurred_at)
),

reached as (
    select distinct on (known.lead_id, known.cycle, reaching.stage)
        known.lead_id,
        mql.own_lead_id,
        mql.own_cycle,
        reaching.stage,
        known.occurred_at,
        mql.campaign,
        mql.source,
        -- What the CRM says a deal is worth; anything but a plain amount is nothing.
        case
            when coalesce(deals.details ->> 'value', deals.details ->> 'amount') ~ '^[0-9]{1,15}([.][0-9]+)?$'
                then coalesce(deals.details ->> 'value', deals.details ->> 'amount')::numeric(18, 2)
        end as value,
        versions.version,
        jsonb_build_object(
            'kpi_version', versions.version, 'rep_id', known.rep_id,
            'activity_id', known.activity_id, 'facts', known.facts
        ) as evidence
    from known
    inner join lifecycle.current_transitions as mql
        on known.lead_id = mql.lead_id and known.cycle = mql.cycle and mql.stage = 'mql'
    inner join versions on known.occurred_at >= versions.since and known.occurred_at < versions.until
    cross join
        lateral (
            select 'sal' as stage
            where
                known.is_taken
                and known.is_contacted
                and known.occurred_at <= mql.occurred_at + versions.within_hours * interval '1 hour'
            union all
            select 'sql' as stage
            where known.criteria >= versions.at_least and known.has_meeting
            union all
            select known.fact as stage
            where known.fact in ('won', 'lost')
        ) as reaching
    left join crm.activities as deals on reaching.stage = 'won' and known.activity_id = deals.activity_id
    order by known.lead_id asc, known.cycle asc, reaching.stage asc, known.occurred_at asc, known.fact asc
),

recorded as (
    insert into lifecycle.transitions
    (lead_id, cycle, stage, occurred_at, recorded_at, evidence, campaign, source, value, kpi_version)
    select
        own_lead_id,
        own_cycle,
        stage,
        occurred_at,
        %(now)s::timestamptz,
        evidence,
        campaign,
        source,
        value,
        version
    from reached
    on conflict (lead_id, cycle, stage) do update
        set
            occurred_at = excluded.occurred_at,
            evidence = excluded.evidence,
            value = excluded.value,
            kpi_version = excluded.kpi_version
        where
        transitions.occurred_at > excluded.occurred_at
        or (
            transitions.stage in ('won', 'lost')
            and not transitions.evidence ? 'imported'
            and (transitions.occurred_at, transitions.value) is distinct from (excluded.occurred_at, excluded.value)
        )
    returning lead_id, stage, xmax = 0 as is_new
)

select
    coalesce(people.person_id, recorded.lead_id) as lead_id,
    recorded.stage,
    recorded.is_new
from recorded
left join identity.people as people on recorded.lead_id = people.lead_id
