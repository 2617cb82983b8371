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
    coalesce(numbers.person_cycle, transitions.cycle) as cycle,
    transitions.stage,
    transitions.occurred_at
from lifecycle.transitions as transitions
left join identity.people as people on transitions.lead_id = people.lead_id
left join lifecycle.person_cycles as numbers
    on people.lead_id = numbers.lead_id and transitions.cycle = numbers.cycle
where
    transitions.occurred_at >= %(start)s
    and transitions.occurred_at < %(until)s
    and transitions.stage <> 'mql'
    and not exists (
        select from lifecycle.transitions as mql
        where mql.lead_id = transitions.lead_id and mql.cycle = transitions.cycle and mql.stage = 'mql'
    )
    and not exists (
        select from lifecycle.joined_transitions as mql
        where
            mql.person_id = people.person_id
            and mql.person_cycle = coalesce(numbers.person_cycle, transitions.cycle)
            and mql.stage = 'mql'
    )
