insert into crm.feeds (feed, polled_at) values ('activities', %(now)s)
on conflict (feed) do nothing
