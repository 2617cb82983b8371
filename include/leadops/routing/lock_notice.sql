select
    notices.created_at,
    notices.attempts,
    notices.telling_since,
    assignments.lead_id,
    assignments.rep_id,
    assignments.queue,
    assignments.cause,
    (
        select known.external_id from lifecycle.crm_leads as known
        where known.lead_id = assignments.lead_id
    ) as crm_id,
    (select reps.profile ->> 'slack_id' from crm.reps as reps where reps.rep_id = assignments.rep_id) as slack_id
from routing.notices as notices
inner join routing.assignments as assignments on notices.assignment_id = assignments.assignment_id
where notices.assignment_id = %(assignment_id)s and notices.state = 'open'
for update of notices skip locked
