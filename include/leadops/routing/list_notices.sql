-- What can be told now: the CRM's id is known, or it has been waited for long enough.
select notices.assignment_id
from routing.notices as notices
inner join routing.assignments as assignments on notices.assignment_id = assignments.assignment_id
where
    notices.state = 'open'
    and (notices.telling_since is null or notices.tried_at <= %(look_up_before)s)
    and (
        notices.created_at <= %(wanted_before)s
        or exists (
            select from lifecycle.crm_leads as known
            where known.lead_id = assignments.lead_id
        )
    )
order by notices.assignment_id
