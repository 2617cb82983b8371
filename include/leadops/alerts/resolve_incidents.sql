-- Good news that lasted long enough ends the incident, at the time when it began.
update alerts.incidents
set
    state = 'resolved',
    resolved_at = clear_since
where
    state = 'open'
    and (clear_since <= %(cleared_before)s or (clear_since is not null and kind = any(%(at_once)s)))
