insert into crm.refused (feed, digest, body, reason, refused_at)
values ('activities', %(digest)s, %(body)s, %(reason)s, %(now)s)
on conflict (feed, digest) do nothing
