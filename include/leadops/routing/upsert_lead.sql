insert into routing.leads (
    lead_id, cycle, state, rep_id, queue, account, is_quiet, qualified_at, since, moves, is_late, look_at, alarm_at
)
values (
    %(lead_id)s, %(cycle)s, %(state)s, %(rep_id)s, %(queue)s, %(account)s, %(is_quiet)s, %(qualified_at)s, %(now)s,
    %(moves)s, %(is_late)s, %(look_at)s, %(alarm_at)s
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
