-- Takes back what was made of sales' activities, to make it anew of those that count for each lead now.
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
from stages
