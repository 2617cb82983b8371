-- name: purge_incidents
delete from incidents.incidents
where incident_id in (
    select old.incident_id
    from incidents.incidents as old
    where old.state = 'resolved' and old.resolved_at < %(before)s
    order by old.incident_id
    limit %(max_rows)s
);

-- name: purge_task_results
delete from incidents.task_results
where ctid = any(
    array(
        select old.ctid
        from incidents.task_results as old
        where old.finished_at < %(before)s
        order by old.finished_at
        limit %(max_rows)s
    )
);
