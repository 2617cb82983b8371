-- name: list_assignments
select
    cycle,
    number,
    assigned_at,
    rep_id,
    queue,
    why,
    cause,
    rule,
    is_backfill,
    waited_minutes,
    facts,
    passed_over,
    rules
from routing.assignments
where
    lead_id = %(lead_id)s
    or lead_id in (select people.lead_id from identity.people as people where people.person_id = %(lead_id)s)
order by cycle asc, assigned_at asc, number asc;

-- name: is_imported
-- Whether every MQL of the lead comes from an import.
select coalesce(bool_and(mql.evidence ? 'imported'), false) as is_imported
from lifecycle.current_transitions as mql
where mql.lead_id = %(lead_id)s and mql.stage = 'mql';
