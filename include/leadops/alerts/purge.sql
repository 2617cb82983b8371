-- name: purge_messages
-- A reply belongs to the incidents of the message whose thread it is in.
delete from alerts.messages
where message_id in (
    select old.message_id
    from alerts.messages as old
    where
        old.state = 'final' and old.created_at < %(before)s
        and not exists (
            select from incidents.incidents
            where incidents.message_id = coalesce(old.parent_id, old.message_id)
        )
    order by old.message_id
    limit %(max_rows)s
);

-- name: purge_pages
delete from alerts.pages
where page_id in (
    select old.page_id
    from alerts.pages as old
    where
        old.state in ('resolved', 'dropped') and old.created_at < %(before)s
        and not exists (select from incidents.incidents where incidents.page_id = old.page_id)
    order by old.page_id
    limit %(max_rows)s
);
