select
    cycle,
    number,
    assigned_at,
    rep_id,
    queue,
    why,
    cause,
    rule,
    is_quiet,
    waited_minutes,
    facts,
    passed_over,
    rules
from routing.assignments
where
    lead_id = %(lead_id)s
    or lead_id in (select people.lead_id from identity.people as people where people.person_id = %(lead_id)s)
order by cycle asc, assigned_at asc, number asc
