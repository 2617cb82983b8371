insert into routing.assignments (
    lead_id, cycle, number, rep_id, queue, why, cause, rule, is_quiet, assigned_at, waited_minutes, facts,
    passed_over, rules
)
values (
    %(lead_id)s, %(cycle)s, %(number)s, %(rep_id)s, %(queue)s, %(why)s, %(cause)s, %(rule)s, %(is_quiet)s, %(now)s,
    %(waited_minutes)s, %(facts)s, %(passed_over)s, %(rules)s
)
returning assignment_id
