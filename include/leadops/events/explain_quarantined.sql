-- The item is still refused, perhaps for another reason than before.
update cdp.quarantine
set
    reason = %(reason)s,
    detail = %(detail)s
where quarantine_id = %(quarantine_id)s
