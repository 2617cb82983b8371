-- name: close_places
update routing.leads
set state = 'closed', recheck_at = null, alarm_at = null
where lead_id = any(%(lead_ids)s::bigint[]) or mql_lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_waiting
delete from routing.inbox
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_assignments
update routing.assignments
set
    facts = '{}',
    passed_over = erased.clear_json(passed_over, %(pattern)s)
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: replace_notices
-- One of which it is unknown whether it is in Slack is looked up there, and then replaced too.
update routing.notices
set
    state = case
        when notices.state = 'sent' and notices.message_ts is not null then 'erasing'
        when notices.state = 'open' and notices.unknown_since is not null then 'erasing'
        else 'dropped'
    end,
    settled_at = %(now)s,
    reason = 'erased'
from routing.assignments as assignments
where
    notices.assignment_id = assignments.assignment_id
    and assignments.lead_id = any(%(lead_ids)s::bigint[])
    and notices.reason is distinct from 'erased';

-- name: purge_notices
delete from routing.notices
where assignment_id in (
    select old.assignment_id
    from routing.notices as old
    where old.state <> 'open' and old.settled_at < %(before)s
    order by old.assignment_id
    limit %(max_rows)s
);
