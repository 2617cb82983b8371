-- Nothing that anybody would notice: the lead stays where it is.
update routing.leads
set is_late = %(is_late)s, look_at = %(look_at)s
where lead_id = %(lead_id)s and cycle = %(cycle)s
