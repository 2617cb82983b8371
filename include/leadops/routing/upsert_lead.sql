insert into routing.leads (
    lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at, alarm_at,
    mql_lead_id, mql_cycle
)
select
    %(lead_id)s,
    %(cycle)s,
    %(state)s,
    %(rep_id)s,
    %(queue)s,
    %(account)s,
    %(is_quiet)s,
    %(qualified_at)s,
    %(now)s,
    %(moves)s,
    %(is_late)s,
    %(look_at)s,
    %(alarm_at)s,
    coalesce(mql.lead_id, %(lead_id)s),
    coalesce(mql.cycle, %(cycle)s)
from (select) as one
left join lateral (
    select
        joined.lead_id,
        joined.cycle
    from lifecycle.joined_transitions as joined
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
        is_late = excluded.is_late,
        look_at = excluded.look_at,
        alarm_at = excluded.alarm_at
