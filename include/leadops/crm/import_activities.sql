-- name: insert_activities
-- Of an activity that is given twice the first in this order counts.
with added as (
    insert into crm.activities
    (activity_id, crm_lead_id, kind, status, rep_id, occurred_at, details, kind_key, status_key, recorded_at)
    select distinct on (given.activity_id)
        given.*,
        %(now)s::timestamptz as recorded_at
    from
        jsonb_to_recordset(%(rows)s) as given (
            activity_id text, crm_lead_id text, kind text, status text, rep_id text, occurred_at timestamptz,
            details jsonb, kind_key text, status_key text
        )
    order by given.activity_id asc, given.occurred_at asc, given::text collate "C" asc
    on conflict (activity_id) do nothing
    returning activity_id
)

insert into lifecycle.inbox (activity_id)
select activity_id from added
returning activity_id;
