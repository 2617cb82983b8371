-- Whose place is back after a split is told of it, if nobody had told them before the join.
with back as (
    select distinct on (told.lead_id, told.cycle)
        told.assignment_id,
        (told.rep_id is not distinct from places.rep_id) and places.state <> 'closed' as is_theirs
    from routing.assignments as told
    inner join routing.leads as places on told.lead_id = places.lead_id and told.cycle = places.cycle
    where told.lead_id = any(%(leads)s::bigint[])
    order by told.lead_id asc, told.cycle asc, told.number desc
)

update routing.notices
set state = 'open', settled_at = null, reason = null
from back
where
    notices.assignment_id = back.assignment_id
    and back.is_theirs
    and notices.state = 'dropped'
    and notices.reason = 'the lead was joined to another, or split from it'
