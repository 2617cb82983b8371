-- The item is in (now, or its event_id was before).
update cdp.quarantine
set
    state = 'admitted',
    admitted_body = %(admitted_body)s,
    settled_at = %(now)s
where quarantine_id = %(quarantine_id)s
