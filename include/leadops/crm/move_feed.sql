-- The cursor moves only from where this page was read: another poll may have gone on meanwhile. Knowledge does
-- not get older when another replica of the CRM answers.
update crm.feeds
set
    cursor = case when cursor is not distinct from %(after)s then coalesce(%(cursor)s, cursor) else cursor end,
    as_of = greatest(as_of, %(as_of)s::timestamptz),
    polled_at = greatest(polled_at, %(now)s)
where feed = 'activities'
