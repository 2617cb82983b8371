-- name: upsert_lead
insert into routing.leads (
    lead_id, cycle, state, rep_id, queue, account, is_backfill, qualified_at, since, moves, overdue, recheck_at,
    alarm_at, mql_lead_id, mql_cycle
)
select
    %(lead_id)s,
    %(cycle)s,
    %(state)s,
    %(rep_id)s,
    %(queue)s,
    %(account)s,
    %(is_backfill)s,
    %(qualified_at)s,
    %(now)s,
    %(moves)s,
    %(overdue)s,
    %(recheck_at)s,
    %(alarm_at)s,
    coalesce(mql.lead_id, %(lead_id)s),
    coalesce(mql.cycle, %(cycle)s)
from (select) as one_row
left join lateral (
    select
        joined.lead_id,
        joined.cycle
    from lifecycle.merged_transitions as joined
    where joined.person_id = %(lead_id)s and joined.person_cycle = %(cycle)s and joined.stage = 'mql'
    order by joined.evidence ? 'imported', joined.occurred_at, joined.lead_id
    limit 1
) as mql on true
on conflict (lead_id, cycle) do update
    set
        state = excluded.state,
        rep_id = excluded.rep_id,
        queue = excluded.queue,
        since = excluded.since,
        moves = excluded.moves,
        overdue = excluded.overdue,
        recheck_at = excluded.recheck_at,
        alarm_at = excluded.alarm_at;

-- name: update_recheck
-- The lead stays where it is.
update routing.leads
set overdue = %(overdue)s, recheck_at = %(recheck_at)s
where lead_id = %(lead_id)s and cycle = %(cycle)s;

-- name: insert_assignment
insert into routing.assignments (
    lead_id, cycle, number, rep_id, queue, why, cause, rule, is_backfill, assigned_at, waited_minutes, facts,
    passed_over, rules
)
values (
    %(lead_id)s, %(cycle)s, %(number)s, %(rep_id)s, %(queue)s, %(why)s, %(cause)s, %(rule)s, %(is_backfill)s, %(now)s,
    %(waited_minutes)s, %(facts)s, %(passed_over)s, %(rules)s
)
returning assignment_id;

-- name: upsert_account
insert into routing.accounts (account, rep_id, since) values (%(account)s, %(rep_id)s, %(now)s)
on conflict (account) do update
    set rep_id = excluded.rep_id, since = excluded.since
    where accounts.rep_id <> excluded.rep_id;
