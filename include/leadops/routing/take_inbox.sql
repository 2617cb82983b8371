-- What has come since the last run, the oldest first; a lead is looked at whole, so one row a cycle is enough.
with due as (
    select inbox_id
    from routing.inbox
    order by inbox_id
    limit %(most)s
    for update skip locked
),

taken as (
    delete from routing.inbox
    using due
    where inbox.inbox_id = due.inbox_id
    returning inbox.inbox_id, inbox.lead_id, inbox.cycle, inbox.why
)

select
    lead_id,
    cycle,
    bool_or(why = 'breach') as is_breach,
    max(inbox_id) filter (where why = 'merge') as regrouping
from taken
group by lead_id, cycle
