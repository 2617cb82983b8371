-- name: find_last_check
select max(succeeded_at) from incidents.heartbeats
where name = %(name)s;

-- name: list_pauses
select
    target,
    paused_until
from delivery.targets
where paused_until > %(now)s
order by target;
