-- name: purge_incidents
delete from incidents.incidents
where incident_id in (
    select old.incident_id
    from incidents.incidents as old
    where old.state = 'resolved' and old.resolved_at < %(before)s
    order by old.incident_id
    limit %(max_rows)s
);
