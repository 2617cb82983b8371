-- name: list_stored
select
    people.person_id,
    numbers.lead_id,
    numbers.cycle,
    numbers.person_cycle
from identity.people as people
inner join lifecycle.person_cycles as numbers on people.lead_id = numbers.lead_id
where people.person_id = any(%(leads)s::bigint[]);

-- name: list_numbers
select distinct person_cycle
from lifecycle.person_cycles
where lead_id = any(%(leads)s::bigint[]);

-- name: list_bounds
-- The start of each cycle of merged leads, and each end by sales or an export.
with versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (since timestamptz, until timestamptz, won jsonb, lost jsonb)
),

own as (
    select
        people.person_id,
        reached.lead_id,
        reached.cycle,
        coalesce(min(reached.occurred_at) filter (where reached.stage = 'mql'), min(reached.occurred_at)) as began_at,
        min(reached.occurred_at) filter (
            where reached.stage in ('won', 'lost') and reached.evidence ? 'imported'
        ) as ended_at
    from identity.people as people
    inner join lifecycle.transitions as reached on people.lead_id = reached.lead_id
    where people.lead_id = any(%(leads)s::bigint[])
    group by people.person_id, reached.lead_id, reached.cycle
)

select
    person_id,
    began_at as bound_at,
    false as is_end,
    lead_id,
    cycle
from own
union all
select
    person_id,
    -- In an export a deal may be won before its lead was known.
    greatest(began_at, ended_at),
    true,
    null,
    null
from own
where ended_at is not null
union all
select
    people.person_id,
    activities.occurred_at,
    true,
    null,
    null
from identity.people as people
inner join lifecycle.links as links on people.lead_id = links.lead_id
inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id
inner join versions on activities.occurred_at >= versions.since and activities.occurred_at < versions.until
where
    people.lead_id = any(%(leads)s::bigint[])
    and activities.kind_key = 'status'
    and (versions.won ? activities.status_key or versions.lost ? activities.status_key)
    and activities.occurred_at <= %(now)s
order by person_id, bound_at, is_end, lead_id, cycle;

-- name: replace_numbers
with numbers as (
    select *
    from unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[], %(person_cycles)s::integer[]) as numbers (
        lead_id, cycle, person_cycle
    )
),

gone as (
    delete from lifecycle.person_cycles
    where
        person_cycles.lead_id = any(%(leads)s::bigint[])
        and not exists (
            select from numbers
            where numbers.lead_id = person_cycles.lead_id and numbers.cycle = person_cycles.cycle
        )
)

insert into lifecycle.person_cycles (lead_id, cycle, person_cycle)
select
    lead_id,
    cycle,
    person_cycle
from numbers
on conflict (lead_id, cycle) do update
    set person_cycle = excluded.person_cycle
    where person_cycles.person_cycle <> excluded.person_cycle;

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
from identity.find_members(array(select taken.lead_id from taken))
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

-- name: withdraw_mqls
-- An MQL that sales worked on, or of which more is recorded, stays.
with corrected as (
    select distinct ledger.lead_id
    from scoring.ledger as ledger
    inner join machines.verdicts as verdicts
        on ledger.event_seq = verdicts.event_seq and verdicts.freed_because is null
    where ledger.seq > %(from_seq)s and ledger.seq <= %(to_seq)s and ledger.kind = 'correction' and ledger.points < 0
),

newest as (
    select distinct on (stages.lead_id) stages.*
    from corrected
    inner join lifecycle.current_transitions as stages on corrected.lead_id = stages.lead_id
    order by stages.lead_id asc, stages.cycle desc, stages.stage <> 'mql' desc
),

doubtful as (
    select newest.*
    from newest
    where
        newest.stage = 'mql'
        and newest.evidence ? 'thresholds'
        and not exists (
            select from lifecycle.links as links
            inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id
            where
                links.lead_id in (
                    select people.lead_id from identity.people as people where people.person_id = newest.lead_id
                    union
                    select newest.lead_id
                )
                and activities.occurred_at >= newest.occurred_at
        )
)

delete from lifecycle.transitions
using doubtful
where
    transitions.lead_id = doubtful.own_lead_id
    and transitions.cycle = doubtful.own_cycle
    and transitions.stage = 'mql'
    and lifecycle.misses_thresholds(doubtful.lead_id, doubtful.occurred_at, doubtful.evidence -> 'thresholds')
returning transitions.lead_id, transitions.cycle;
