-- name: show_again
-- Without a hash, what a message shows is out of date, whatever has changed.
update alerts.messages
set
    state = case when posted_at is not null then 'open' else state end,
    shown_hash = null,
    shown_facts = null
where
    message_id = any(%(message_ids)s::bigint[])
    or parent_id = any(%(message_ids)s::bigint[])
    or shown_facts::text ~* %(pattern)s::text;

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
