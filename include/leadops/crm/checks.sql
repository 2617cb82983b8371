-- name: list_feeds
select
    feed,
    as_of,
    held_back,
    polled_at,
    coalesce(first_polled_at, polled_at) as first_polled_at
from crm.feeds
order by feed;

-- name: count_refused
-- An item is named by its own id, or else by the digest of its text.
with recent as (
    select
        feed,
        reason,
        refused_at,
        coalesce(body ->> 'id', left(digest, 12)) as item,
        count(*) over (partition by feed, reason) as reason_items
    from crm.refused
    where refused_at >= %(since)s
),

most_frequent as (
    select distinct on (feed)
        feed,
        reason,
        reason_items,
        item as example
    from recent
    order by feed asc, reason_items desc, reason asc, refused_at desc, item asc
)

select
    recent.feed,
    count(*) as items,
    min(recent.refused_at) as first_at,
    max(recent.refused_at) as last_at,
    most_frequent.reason,
    most_frequent.reason_items,
    most_frequent.example
from recent
inner join most_frequent on recent.feed = most_frequent.feed
group by recent.feed, most_frequent.reason, most_frequent.reason_items, most_frequent.example
order by recent.feed;
