-- Of a place that waits aside, or is gone, nobody is told whose lead it is not any more.
with stale as (
    select told.assignment_id
    from routing.assignments as told
    inner join routing.set_aside as aside on told.lead_id = aside.lead_id and told.cycle = aside.cycle
    inner join identity.people as people on aside.lead_id = people.lead_id
    left join lifecycle.person_cycles as numbers on aside.lead_id = numbers.lead_id and aside.cycle = numbers.cycle
    inner join routing.leads as places
        on people.person_id = places.lead_id and coalesce(numbers.person_cycle, aside.cycle) = places.cycle
    where told.lead_id = any(%(leads)s::bigint[]) and told.rep_id is distinct from places.rep_id
    union
    select told.assignment_id
    from routing.assignments as told
    left join routing.leads as places on told.lead_id = places.lead_id and told.cycle = places.cycle
    where told.lead_id = any(%(gone)s::bigint[]) and places.lead_id is null
)

update routing.notices
set state = 'dropped', settled_at = %(now)s, reason = 'the lead was joined to another, or split from it'
from stale
where
    notices.assignment_id = stale.assignment_id
    and notices.state = 'open'
    and notices.telling_since is null
