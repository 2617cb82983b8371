-- name: upsert_imported
-- Of a stage with different values one version stays, always the same one; "C" is the order in which Python sorts.
insert into lifecycle.imported (
    lead_id, stage, occurred_at, reference, campaign, source, value, evidence, currency, recorded_at
)
select
    rows.*,
    %(now)s::timestamptz as recorded_at
from
    jsonb_to_recordset(%(rows)s) as rows (
        lead_id bigint, stage text, occurred_at timestamptz, reference text, campaign text, source text,
        value numeric(18, 2), evidence jsonb, currency text
    )
on conflict (lead_id, stage, occurred_at, reference) do update
    set
        campaign = excluded.campaign,
        source = excluded.source,
        value = excluded.value,
        evidence = excluded.evidence,
        currency = excluded.currency
    where (
        excluded.value is null, coalesce(excluded.value, 0), coalesce(excluded.currency, '') collate "C",
        excluded.source is null, coalesce(excluded.source, '') collate "C",
        excluded.campaign is null, coalesce(excluded.campaign, '') collate "C"
    ) < (
        imported.value is null, coalesce(imported.value, 0), coalesce(imported.currency, '') collate "C",
        imported.source is null, coalesce(imported.source, '') collate "C",
        imported.campaign is null, coalesce(imported.campaign, '') collate "C"
    )
returning lead_id, stage, occurred_at, reference, xmax = 0 as is_new;

-- name: list_imported
select
    lead_id,
    stage,
    occurred_at,
    reference,
    campaign,
    source,
    value,
    evidence,
    currency
from lifecycle.imported
where lead_id = any(%(leads)s::bigint[]);

-- name: list_lead_histories
-- The first contact of each lead, and the cycles that leadops recorded itself: [cycle, MQL].
select
    leads.lead_id,
    leads.created_at,
    leads.campaign,
    leads.source,
    coalesce(
        jsonb_agg(jsonb_build_array(mql.cycle, mql.occurred_at)) filter (where mql.cycle is not null), '[]'
    ) as live
from identity.leads as leads
left join lifecycle.transitions as mql
    on leads.lead_id = mql.lead_id and mql.stage = 'mql' and not mql.evidence ? 'imported'
where leads.lead_id = any(%(leads)s::bigint[])
group by leads.lead_id;

-- name: remove_misplaced
-- Removes imported stages that now belong to another cycle, or differ. Where the MQLs of a lead's history have
-- changed, the activities of sales in those cycles are evaluated again.
with wanted as (
    select given.*
    from
        jsonb_to_recordset(%(rows)s) as given (
            lead_id bigint, cycle integer, stage text, occurred_at timestamptz, campaign text, source text,
            value numeric(18, 2), evidence jsonb
        )
),

present as (
    select transitions.*
    from lifecycle.transitions as transitions
    where transitions.lead_id = any(%(leads)s::bigint[]) and transitions.evidence ? 'imported'
),

begun as (
    select
        wanted.lead_id,
        wanted.cycle,
        wanted.occurred_at
    from wanted
    where
        wanted.stage = 'mql'
        and not exists (
            select from lifecycle.transitions as live
            where
                live.lead_id = wanted.lead_id
                and live.cycle = wanted.cycle
                and live.stage = 'mql'
                and not live.evidence ? 'imported'
        )
),

moved as (
    select distinct coalesce(begun.lead_id, before.lead_id) as lead_id
    from begun
    full join (select * from present where present.stage = 'mql') as before
        on
            begun.lead_id = before.lead_id
            and begun.cycle = before.cycle
            and begun.occurred_at = before.occurred_at
    where begun.lead_id is null or before.lead_id is null
),

reopened as (
    select
        present.lead_id,
        present.cycle
    from moved
    inner join present on moved.lead_id = present.lead_id and present.stage = 'mql'
),

facts_gone as (
    delete from lifecycle.facts
    using reopened
    where facts.lead_id = reopened.lead_id and facts.cycle = reopened.cycle
),

stages_gone as (
    delete from lifecycle.transitions
    using reopened
    where
        transitions.lead_id = reopened.lead_id
        and transitions.cycle = reopened.cycle
        and transitions.stage <> 'mql'
        and not transitions.evidence ? 'imported'
),

misplaced as (
    select present.transition_id
    from present
    left join wanted
        on
            present.lead_id = wanted.lead_id
            and present.cycle = wanted.cycle
            and present.stage = wanted.stage
            and present.occurred_at = wanted.occurred_at
            and present.campaign is not distinct from wanted.campaign
            and present.source is not distinct from wanted.source
            and present.value is not distinct from wanted.value
            and present.evidence -> 'amount' is not distinct from wanted.evidence -> 'amount'
            and present.evidence -> 'currency' is not distinct from wanted.evidence -> 'currency'
    where wanted.lead_id is null
),

gone as (
    delete from lifecycle.transitions
    using misplaced
    where transitions.transition_id = misplaced.transition_id
)

insert into lifecycle.inbox (activity_id)
select activities.activity_id
from moved
inner join lifecycle.links as links on moved.lead_id = links.lead_id
inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id;

-- name: insert_transitions
-- A stage that leadops recorded itself stays, unless the export has an earlier time; its own MQL always stays. An
-- export may say when its system learned of a stage.
insert into lifecycle.transitions
(lead_id, cycle, stage, occurred_at, recorded_at, evidence, campaign, kpi_version, source, value)
select
    wanted.lead_id,
    wanted.cycle,
    wanted.stage,
    wanted.occurred_at,
    coalesce((wanted.evidence ->> 'recorded_at')::timestamptz, %(now)s::timestamptz),
    wanted.evidence,
    wanted.campaign,
    wanted.kpi_version,
    wanted.source,
    wanted.value
from
    jsonb_to_recordset(%(rows)s) as wanted (
        lead_id bigint, cycle integer, stage text, occurred_at timestamptz, evidence jsonb, campaign text,
        kpi_version text, source text, value numeric(18, 2)
    )
on conflict (lead_id, cycle, stage) do update
    set
        occurred_at = excluded.occurred_at, evidence = excluded.evidence, kpi_version = excluded.kpi_version,
        value = excluded.value
    where transitions.stage <> 'mql' and transitions.occurred_at > excluded.occurred_at;

-- name: enqueue_merge_changes
-- An imported history may renumber the cycles of a merged person.
insert into lifecycle.merge_changes (lead_id)
select people.lead_id
from identity.people as people
where people.lead_id = any(%(leads)s::bigint[]);

-- name: list_with_imports
select distinct lead_id
from lifecycle.imported
where lead_id = any(%(leads)s::bigint[])
order by lead_id;

-- name: list_valued_leads
-- Leads with a won deal in another currency. A deal of an import may have lost its place to one of the CRM.
with times as (
    select * from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) as times (since, until)
)

select won.lead_id
from times
inner join lifecycle.transitions as won
    on won.stage = 'won' and times.since <= won.occurred_at and times.until > won.occurred_at
where won.evidence ? 'currency'
union
select imported.lead_id
from times
inner join lifecycle.imported as imported
    on imported.stage = 'won' and times.since <= imported.occurred_at and times.until > imported.occurred_at
where imported.currency is not null
order by lead_id;

-- name: enqueue_valued_leads
-- No contract is called so: the leads are evaluated again, whatever contract is in force.
insert into lifecycle.reevaluations (lead_id, decided_by)
select distinct
    coalesce(people.person_id, asked.lead_id),
    'other rates'
from unnest(%(leads)s::bigint[]) as asked (lead_id)
left join identity.people as people on asked.lead_id = people.lead_id
on conflict (lead_id) do update set decided_by = excluded.decided_by;

-- name: find_first_own_change
-- The first change that leadops made itself: what is imported lies before it.
select min(effective_at) as effective_at
from lifecycle.thresholds
where effective_at is not null and not facts ? 'imported';

-- name: insert_thresholds
-- A day on which a change is on record keeps it; one on which nothing changed gives way.
insert into lifecycle.thresholds as known (
    day, kpi_version, value, sla_minutes, effective_at, proposed_at, decided_by, reason, plan, facts, hash
)
select
    given.day,
    given.kpi_version,
    given.value,
    given.sla_minutes,
    given.effective_at,
    %(now)s,
    given.decided_by,
    given.reason,
    'keep',
    given.facts,
    given.hash
from
    jsonb_to_recordset(%(rows)s) as given (
        day date, kpi_version text, value integer, sla_minutes double precision, effective_at timestamptz,
        decided_by text, reason text, facts jsonb, hash text
    )
on conflict (day) do update
    set
        kpi_version = excluded.kpi_version,
        value = excluded.value,
        sla_minutes = excluded.sla_minutes,
        effective_at = excluded.effective_at,
        proposed_at = excluded.proposed_at,
        decided_by = excluded.decided_by,
        reason = excluded.reason,
        plan = excluded.plan,
        proposed_value = null,
        proposed_sla_minutes = null,
        answer = null,
        waits_since = null,
        facts = excluded.facts,
        hash = excluded.hash
    where known.effective_at is null
returning day;
