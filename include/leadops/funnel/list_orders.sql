-- Stages before their MQL, which are left out, and stages without one, which are counted.
select
    'impossible_order' as gate,
    lead_id,
    cycle,
    stage,
    occurred_at
from analytics.left_out
where dt = %(dt)s and reason = 'before_mql'
union all
select
    'missing_stage' as gate,
    coalesce(people.person_id, transitions.lead_id) as lead_id,
    transitions.cycle,
    transitions.stage,
    transitions.occurred_at
from lifecycle.transitions as transitions
left join identity.people as people on transitions.lead_id = people.lead_id
where
    transitions.occurred_at >= %(start)s
    and transitions.occurred_at < %(until)s
    and transitions.stage <> 'mql'
    and not exists (
        select from lifecycle.transitions as mql
        where mql.lead_id = transitions.lead_id and mql.cycle = transitions.cycle and mql.stage = 'mql'
    )
    and not exists (
        select from identity.people as member
        inner join lifecycle.transitions as mql
            on member.lead_id = mql.lead_id and mql.cycle = transitions.cycle and mql.stage = 'mql'
        where member.person_id = people.person_id
    )
