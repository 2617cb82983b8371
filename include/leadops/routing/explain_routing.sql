-- name: list_assignments
select
    assignments.cycle,
    assignments.number,
    assignments.assigned_at,
    assignments.rep_id,
    assignments.queue,
    assignments.why,
    assignments.cause,
    assignments.rule,
    assignments.is_backfill,
    assignments.waited_minutes,
    assignments.facts,
    assignments.passed_over,
    assignments.rules,
    notices.state as notice,
    notices.settled_at as notified_at,
    notices.reason as notice_reason,
    notices.withdrawn_because
from routing.assignments as assignments
left join routing.notices as notices on assignments.assignment_id = notices.assignment_id
where
    -- A list, and no `or`, so that only these leads are looked up.
    assignments.lead_id in (
        select people.lead_id from identity.people as people where people.person_id = %(lead_id)s
        union
        select %(lead_id)s
    )
order by assignments.cycle asc, assignments.assigned_at asc, assignments.number asc;

-- name: is_imported
-- Whether every MQL of the lead comes from an import.
select coalesce(bool_and(mql.evidence ? 'imported'), false) as is_imported
from lifecycle.current_transitions as mql
where mql.lead_id = %(lead_id)s and mql.stage = 'mql';
