-- A lead that has moved on meanwhile is nobody's news any more.
update routing.notices
set state = 'dropped', settled_at = %(now)s, reason = 'the lead has moved on'
from routing.assignments as told
where
    notices.assignment_id = told.assignment_id
    and told.lead_id in (
        select %(lead_id)s::bigint
        union all
        select people.lead_id from identity.people as people
        where people.person_id = %(lead_id)s
    )
    and told.cycle = %(cycle)s
    and notices.state = 'open'
    and notices.telling_since is null
