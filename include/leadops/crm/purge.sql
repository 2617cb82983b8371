-- name: purge_refused
delete from crm.refused
where (feed, digest) in (
    select
        old.feed,
        old.digest
    from crm.refused as old
    where old.refused_at < %(before)s
    order by old.feed, old.digest
    limit %(max_rows)s
);
