select
    cursor,
    as_of
from crm.feeds
where feed = 'activities'
