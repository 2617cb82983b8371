-- Up to when it is known what sales did: the feed's as_of, or the first activity that lifecycle has not read.
select
    feeds.as_of,
    least(
        feeds.as_of,
        (
            select min(activities.occurred_at)
            from lifecycle.inbox as inbox
            inner join crm.activities as activities on inbox.activity_id = activities.activity_id
            where inbox.not_before is null
        )
    ) as known_until
from crm.feeds as feeds
where feeds.feed = 'activities'
