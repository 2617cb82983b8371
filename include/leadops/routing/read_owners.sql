select
    account,
    rep_id
from routing.accounts
where account = any(%(accounts)s::text[])
