insert into routing.leads (
    lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at, alarm_at,
    mql_lead_id
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
    coalesce(
        (
            select mql.lead_id
            from identity.people as people
            inner join lifecycle.transitions as mql
                on people.lead_id = mql.lead_id and mql.cycle = %(cycle)s and mql.stage = 'mql'
            where people.person_id = %(lead_id)s
            order by mql.evidence ? 'imported', mql.occurred_at, mql.lead_id
            limit 1
        ), %(lead_id)s
    )
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
