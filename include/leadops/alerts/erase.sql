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
