insert into lifecycle.frozen_quarters
(quarter, revision, first_day, last_day, timezone, versions, contract, digest, reason, frozen_at)
values (
    %(quarter)s, %(revision)s, %(first_day)s, %(last_day)s, %(timezone)s, %(versions)s, %(contract)s, %(digest)s,
    %(reason)s, %(now)s
)
