-- Of a place that waits aside nobody is told whose lead it is not any more.
update routing.notices
set state = 'dropped', settled_at = %(now)s, reason = 'the lead was joined to another'
from routing.assignments as told
inner join routing.set_aside as aside on told.lead_id = aside.lead_id and told.cycle = aside.cycle
inner join identity.people as people on aside.lead_id = people.lead_id
inner join routing.leads as places on people.person_id = places.lead_id and aside.cycle = places.cycle
where
    notices.assignment_id = told.assignment_id
    and told.lead_id = any(%(leads)s::bigint[])
    and told.rep_id is distinct from places.rep_id
    and notices.state = 'open'
    and notices.telling_since is null
