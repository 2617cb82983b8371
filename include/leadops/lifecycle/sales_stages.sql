-- name: list_won_deals
select distinct
    activities.activity_id,
    activities.details,
    facts.occurred_at
from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as changed (lead_id, cycle)
inner join lifecycle.facts as facts on changed.lead_id = facts.lead_id and changed.cycle = facts.cycle
inner join crm.activities as activities on facts.activity_id = activities.activity_id
where facts.fact = 'won';

-- name: create_derived_stages
create temporary table if not exists derived_stages (
    lead_id bigint not null,
    own_lead_id bigint not null,
    own_cycle integer not null,
    stage text not null,
    occurred_at timestamptz not null,
    campaign text,
    source text,
    value numeric(18, 2),
    kpi_version text not null,
    evidence jsonb not null,
    primary key (own_lead_id, own_cycle, stage)
) on commit delete rows;

-- name: clear_derived_stages
delete from derived_stages;

-- name: derive_stages
-- A stage is reached at the first moment at which the facts known by then suffice, by the version in force then.
with versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (
        version text, since timestamptz, until timestamptz, within_hours double precision, at_least integer
    )
),

changed as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as changed (lead_id, cycle)
),

deals as (
    select deal.*
    from jsonb_to_recordset(%(deal_values)s) as deal (activity_id text, value numeric(18, 2), evidence jsonb)
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
)

insert into derived_stages
(lead_id, own_lead_id, own_cycle, stage, occurred_at, campaign, source, value, kpi_version, evidence)
select distinct on (known.lead_id, known.cycle, reaching.stage)
    known.lead_id,
    mql.own_lead_id,
    mql.own_cycle,
    reaching.stage,
    known.occurred_at,
    mql.campaign,
    mql.source,
    deals.value,
    versions.version,
    jsonb_build_object(
        'kpi_version', versions.version, 'rep_id', known.rep_id,
        'activity_id', known.activity_id, 'facts', known.facts
    ) || coalesce(deals.evidence, '{}') as evidence
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
left join deals on reaching.stage = 'won' and known.activity_id = deals.activity_id
order by known.lead_id asc, known.cycle asc, reaching.stage asc, known.occurred_at asc, known.fact asc;

-- name: replace_stages
-- Writes only the difference. Stages are recorded with the MQL that began the cycle. An imported stage stays, unless
-- sales reached it earlier by the CRM's activities.
with own as (
    select
        mql.lead_id,
        mql.own_lead_id,
        mql.own_cycle
    from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as changed (lead_id, cycle)
    inner join lifecycle.current_transitions as mql
        on changed.lead_id = mql.lead_id and changed.cycle = mql.cycle and mql.stage = 'mql'
),

stale as (
    select
        present.transition_id,
        own.lead_id as person_id
    from own
    -- With an offset it is a look-up for each cycle, whatever the planner thinks of the stages.
    cross join
        lateral (
            select
                transition_id,
                lead_id,
                cycle,
                stage,
                evidence
            from lifecycle.transitions
            where transitions.lead_id = own.own_lead_id and transitions.cycle = own.own_cycle
            order by transition_id
            offset 0
        ) as present
    left join derived_stages as derived
        on
            present.lead_id = derived.own_lead_id
            and present.cycle = derived.own_cycle
            and present.stage = derived.stage
    where derived.stage is null and present.evidence ? 'activity_id' and not present.evidence ? 'imported'
),

gone as (
    delete from lifecycle.transitions
    using stale
    where transitions.transition_id = stale.transition_id
    returning stale.person_id, transitions.lead_id, transitions.stage
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
        kpi_version
    from derived_stages
    on conflict (lead_id, cycle, stage) do update
        set
            occurred_at = excluded.occurred_at,
            evidence = excluded.evidence,
            value = excluded.value,
            kpi_version = excluded.kpi_version
        where
        (transitions.evidence ? 'imported' and transitions.occurred_at > excluded.occurred_at)
        or (
            not transitions.evidence ? 'imported'
            and (transitions.occurred_at, transitions.value, transitions.kpi_version, transitions.evidence)
            is distinct from (excluded.occurred_at, excluded.value, excluded.kpi_version, excluded.evidence)
        )
    returning lead_id, cycle, stage, occurred_at, value
)

select
    derived.lead_id,
    recorded.lead_id as own_lead_id,
    recorded.stage,
    case
        when present.transition_id is null then 'new'
        -- No value is below 0.
        when present.occurred_at = recorded.occurred_at and coalesce(present.value, -1) = coalesce(recorded.value, -1)
            then 'noted'
        else 'moved'
    end as change
from recorded
inner join derived_stages as derived
    on
        recorded.lead_id = derived.own_lead_id
        and recorded.cycle = derived.own_cycle
        and recorded.stage = derived.stage
-- As the statement found it.
left join lifecycle.transitions as present
    on recorded.lead_id = present.lead_id and recorded.cycle = present.cycle and recorded.stage = present.stage
union all
select
    person_id,
    lead_id,
    stage,
    'gone' as change
from gone;

-- name: list_cycles
-- Every cycle of these leads that sales can have worked on.
select
    lead_id,
    cycle
from lifecycle.current_transitions
where stage = 'mql' and lead_id = any(%(leads)s::bigint[])
order by lead_id, cycle;

-- name: list_rates
select
    month,
    base,
    currency,
    rate,
    recorded_at
from lifecycle.currency_rates
order by month, base, currency;

-- name: upsert_rates
-- A rate on record stays, unless this file corrects it; it keeps its time, by which the base of a conversion is chosen.
-- Of a rate that is given twice the first in this order counts.
insert into lifecycle.currency_rates (month, base, currency, rate, file, recorded_at)
select distinct on (given.month, given.base, given.currency)
    given.month,
    given.base,
    given.currency,
    given.rate,
    %(file)s,
    %(now)s
from
    jsonb_to_recordset(%(rows)s) as given (month date, base text, currency text, rate numeric(24, 12))
order by given.month asc, given.base asc, given.currency asc, given.rate asc
on conflict (month, base, currency) do update
    set rate = excluded.rate, file = excluded.file
    where %(corrects)s and currency_rates.rate <> excluded.rate
returning month, base, currency, xmax = 0 as is_new;

-- name: list_recorded
select distinct
    known.month,
    known.base,
    known.currency,
    known.rate,
    known.recorded_at
from jsonb_to_recordset(%(rows)s) as given (month date, base text, currency text)
inner join lifecycle.currency_rates as known
    on given.month = known.month and given.base = known.base and given.currency = known.currency;

-- name: find_crm_id
-- The lead's own id, else that of its person.
select known.external_id
from lifecycle.crm_leads as known
where
    known.lead_id = %(lead_id)s
    or known.lead_id = (select people.person_id from identity.people as people where people.lead_id = %(lead_id)s)
order by known.lead_id = %(lead_id)s desc
limit 1;

-- name: list_reached_stages
select
    reached.cycle,
    reached.stage,
    reached.occurred_at,
    reached.evidence,
    reached.own_lead_id as lead_id
from lifecycle.person_transitions as reached
where
    reached.lead_id = coalesce(
        (select people.person_id from identity.people as people where people.lead_id = %(lead_id)s), %(lead_id)s
    )
order by
    reached.cycle asc,
    array_position(array['mql', 'sal', 'sql', 'lost', 'won'], reached.stage) asc;
