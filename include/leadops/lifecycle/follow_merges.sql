-- name: take_merge_changes
-- Leads whose person has changed since the last run, with all leads of their persons. Where an MQL may have to be
-- removed, scoring must have corrected the lead's points first. These leads are found once, and not for each lead.
with held as materialized (
    select pending.lead_id
    from scoring.inbox as pending
    inner join lifecycle.transitions as reached on pending.lead_id = reached.lead_id
    where reached.stage = 'mql' and reached.evidence ? 'merged'
),

taken as (
    delete from lifecycle.merge_changes
    where lead_id not in (select held.lead_id from held)
    returning lead_id
)

select lead_id
from taken
union
select others.lead_id
from taken
inner join identity.people as own on taken.lead_id = own.lead_id
inner join identity.people as others on own.person_id = others.person_id
order by lead_id;

-- name: create_forgotten
create temporary table if not exists forgotten (
    lead_id bigint not null,
    cycle integer not null,
    stage text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null
) on commit delete rows;

-- name: clear_forgotten
delete from forgotten;

-- name: forget_sales
-- Removes facts and stages that sales' activities led to: they are derived again for the leads as they are now.
with facts as (
    delete from lifecycle.facts
    using crm.activities as activities
    where
        facts.lead_id = any(%(leads)s::bigint[])
        and facts.activity_id = activities.activity_id
),

stages as (
    delete from lifecycle.transitions
    using crm.activities as activities
    where
        transitions.lead_id = any(%(leads)s::bigint[])
        and transitions.stage <> 'mql'
        and not transitions.evidence ? 'imported'
        and transitions.evidence ->> 'activity_id' = activities.activity_id
    returning
        transitions.lead_id, transitions.cycle, transitions.stage, transitions.occurred_at, transitions.recorded_at
)

insert into forgotten (lead_id, cycle, stage, occurred_at, recorded_at)
select
    lead_id,
    cycle,
    stage,
    occurred_at,
    recorded_at
from stages;

-- name: remove_merged_mqls
-- MQLs that leads reached only together with others, from which they were split since: what the lead had alone misses
-- the thresholds. An MQL that sales worked on stays.
with doubtful as (
    select
        reached.transition_id,
        reached.occurred_at,
        reached.evidence -> 'thresholds' as thresholds,
        coalesce(own.person_id, reached.lead_id) as person_id
    from lifecycle.transitions as reached
    left join identity.people as own on reached.lead_id = own.lead_id
    where
        reached.lead_id = any(%(leads)s::bigint[])
        and reached.stage = 'mql'
        and reached.evidence ? 'merged'
        and exists (
            select from jsonb_array_elements_text(reached.evidence #> '{merged,leads}') as joined (lead_id)
            left join identity.people as other on joined.lead_id::bigint = other.lead_id
            where
                coalesce(other.person_id, joined.lead_id::bigint) <> coalesce(own.person_id, reached.lead_id)
        )
        and not exists (
            select from lifecycle.links as links
            inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id
            where links.lead_id = reached.lead_id and activities.occurred_at >= reached.occurred_at
        )
)

delete from lifecycle.transitions
using doubtful
where
    transitions.transition_id = doubtful.transition_id
    and lifecycle.misses_thresholds(doubtful.person_id, doubtful.occurred_at, doubtful.thresholds)
returning transitions.lead_id, transitions.cycle;

-- name: remove_uncounted_mqls
-- MQLs of leads that count for nothing. One that sales worked on stays, and counts for nothing too.
delete from lifecycle.transitions as reached
using identity.uncounted_leads as uncounted
where
    reached.lead_id = any(%(leads)s::bigint[])
    and reached.lead_id = uncounted.lead_id
    and reached.stage = 'mql'
    and not reached.evidence ? 'imported'
    and not exists (
        select from lifecycle.links as links
        inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id
        where links.lead_id = reached.lead_id and activities.occurred_at >= reached.occurred_at
    )
returning reached.lead_id, reached.cycle;

-- name: list_merged_cycles
-- Each cycle that may count for another lead now, for each lead it counted for or counts for.
select
    leads.lead_id,
    reached.cycle
from unnest(%(leads)s::bigint[]) as leads (lead_id)
cross join (
    select distinct transitions.cycle
    from lifecycle.transitions as transitions
    where transitions.stage = 'mql' and transitions.lead_id = any(%(leads)s::bigint[])
    union
    select unnest(%(numbers)s::integer[]) as cycle
) as reached;

-- name: keep_recorded
-- A stage with the same result as before keeps the time from which it was known.
update lifecycle.transitions
set recorded_at = forgotten.recorded_at
from forgotten
where
    transitions.lead_id = forgotten.lead_id
    and transitions.cycle = forgotten.cycle
    and transitions.stage = forgotten.stage
    and transitions.occurred_at = forgotten.occurred_at;
