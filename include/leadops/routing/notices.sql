-- name: list_due_notices
-- Notices that can be sent now: the CRM's id of the lead is known, or was waited for long enough. One that stands in
-- the message of another waits for that one while it is open, or erased and not found in Slack yet.
select
    notices.assignment_id,
    coalesce(assignments.rep_id, assignments.queue, '') as recipient,
    case
        when assignments.rep_id is null then 'night' when assignments.cause = 'breach' then 'moved' else 'new'
    end as wording,
    notices.unknown_since is not null as has_begun
from routing.notices as notices
inner join routing.assignments as assignments on notices.assignment_id = assignments.assignment_id
left join routing.notices as first_one
    on
        notices.posted_with = first_one.assignment_id
        and (first_one.state = 'open' or (first_one.state = 'erasing' and first_one.message_ts is null))
where
    notices.state = 'open'
    and first_one.assignment_id is null
    and (notices.unknown_since is null or notices.tried_at <= %(look_up_before)s::timestamptz)
    and (
        notices.created_at <= %(wanted_before)s::timestamptz
        or exists (
            select from lifecycle.crm_leads as known
            where known.lead_id = assignments.lead_id
        )
    )
order by notices.assignment_id;

-- name: lock_due_notices
-- Another process may have tried them since they were listed.
select assignment_id
from routing.notices
where
    assignment_id = any(%(assignment_ids)s::bigint[])
    and state = 'open'
    and (unknown_since is null or tried_at <= %(look_up_before)s::timestamptz)
order by assignment_id
for update skip locked;

-- name: leave_message
-- Those that were dropped since an earlier attempt do not stand in the message.
update routing.notices
set posted_with = null
where posted_with = %(first_id)s and not assignment_id = any(%(assignment_ids)s::bigint[]);

-- name: leave_erased
-- Somebody erased does not stand in a message that is sent now.
update routing.notices
set posted_with = null
where posted_with = %(first_id)s and state = 'erasing' and message_ts is null;

-- name: join_message
update routing.notices
set posted_with = nullif(%(first_id)s::bigint, assignment_id)
where assignment_id = any(%(assignment_ids)s::bigint[]);

-- name: list_message
-- The notices that stand in one message with this one; somebody erased only where the message is in Slack already.
select assignment_id
from routing.notices
where
    (assignment_id = %(first_id)s or posted_with = %(first_id)s)
    and not (state = 'erasing' and message_ts is null)
order by assignment_id;

-- name: read_notices
select
    notices.assignment_id,
    notices.created_at,
    notices.attempts,
    notices.unknown_since,
    assignments.lead_id,
    assignments.rep_id,
    assignments.queue,
    assignments.cause,
    notices.withdrawn_because,
    (
        select mql.evidence #>> '{account,state}' from lifecycle.current_transitions as mql
        where
            mql.lead_id = assignments.lead_id
            and mql.cycle = assignments.cycle
            and mql.stage = 'mql'
            and lifecycle.is_apart(mql.evidence)
    ) as account_state,
    (
        select known.external_id from lifecycle.crm_leads as known
        where known.lead_id = assignments.lead_id and shown.is_known
    ) as crm_id,
    assignments.cycle,
    case when shown.is_known then (
        select mql.evidence from lifecycle.current_transitions as mql
        where mql.lead_id = assignments.lead_id and mql.cycle = assignments.cycle and mql.stage = 'mql'
    ) end as evidence,
    case when shown.is_known then (
        select traits.value #>> '{}' from identity.person_traits as traits
        where traits.lead_id = assignments.lead_id and traits.trait = 'company'
    ) end as company,
    coalesce(notices.posted_with, notices.assignment_id) as first_id,
    (select reps.profile ->> 'slack_id' from crm.reps as reps where reps.rep_id = assignments.rep_id) as slack_id,
    notices.channel,
    notices.message_ts,
    notices.state = 'erasing' and notices.message_ts is null as is_sought
from routing.notices as notices
inner join routing.assignments as assignments on notices.assignment_id = assignments.assignment_id
-- Of somebody erased nothing is shown but the number.
cross join
    lateral (
        select (notices.state <> 'erasing' and coalesce(notices.reason, '') <> 'erased') as is_known
    ) as shown
where notices.assignment_id = any(%(assignment_ids)s::bigint[])
order by notices.assignment_id;

-- name: lock_attempt
select
    attempts as number,
    unknown_since
from routing.notices
where assignment_id = %(assignment_id)s and state = 'open'
for update;

-- name: note_attempt
update routing.notices
set
    attempts = attempts + 1,
    tried_at = %(now)s::timestamptz,
    unknown_since = coalesce(unknown_since, %(now)s::timestamptz)
where assignment_id = %(assignment_id)s or (posted_with = %(assignment_id)s and state = 'open');

-- name: note_refused
update routing.notices
set unknown_since = null
where assignment_id = %(assignment_id)s or (posted_with = %(assignment_id)s and state = 'open');

-- name: settle_message
update routing.notices
set
    state = case when state = 'erasing' then 'erasing' else 'sent' end,
    settled_at = %(now)s,
    channel = %(channel)s,
    message_ts = %(message_ts)s,
    reason = case when state = 'erasing' then reason end
where
    assignment_id = %(assignment_id)s
    or (posted_with = %(assignment_id)s and (state = 'open' or (state = 'erasing' and message_ts is null)));

-- name: drop_notice
update routing.notices
set state = 'dropped', settled_at = %(now)s, channel = null, message_ts = null, reason = %(reason)s
where assignment_id = %(assignment_id)s;

-- name: find_nonce
select nonce
from routing.notices
where assignment_id = %(assignment_id)s;

-- name: doubt_open
update routing.notices
set unknown_since = created_at, tried_at = coalesce(tried_at, created_at)
where state = 'open' and unknown_since is null and created_at < %(before)s;

-- name: list_outdated
-- Messages in Slack that another text shall replace: about somebody erased, or about an MQL that was taken back. One
-- that may be there is looked for, unless it may still be under way or is found with the first one of its message.
select notices.assignment_id
from routing.notices as notices
where
    (
        notices.state = 'erasing'
        and (
            notices.message_ts is not null
            or (
                notices.tried_at <= %(look_up_before)s::timestamptz
                and not exists (
                    select from routing.notices as first_one
                    where first_one.assignment_id = notices.posted_with and first_one.state = 'open'
                )
            )
        )
    )
    or (notices.state = 'sent' and notices.withdrawn_because is not null)
order by notices.assignment_id
limit %(max_rows)s;

-- name: note_replaced
update routing.notices
set
    state = 'dropped',
    channel = null,
    message_ts = null,
    reason = coalesce(reason, 'the MQL was taken back: ' || withdrawn_because)
where
    assignment_id = %(assignment_id)s
    and (state = 'erasing' or (state = 'sent' and withdrawn_because is not null));
