-- name: purge_notices
delete from routing.notices
where assignment_id in (
    select old.assignment_id
    from routing.notices as old
    where old.state <> 'open' and old.settled_at < %(before)s
    order by old.assignment_id
    limit %(max_rows)s
);
