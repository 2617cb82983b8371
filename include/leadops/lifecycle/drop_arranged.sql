-- Imported stages that are in another place now, or differ. Where the MQLs of a lead's past have changed, what
-- sales did in those cycles is counted anew.
with wanted as (
    select given.*
    from
        jsonb_to_recordset(%(rows)s) as given (
            lead_id bigint, cycle integer, stage text, occurred_at timestamptz, campaign text, source text,
            value numeric(18, 2)
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
inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id
