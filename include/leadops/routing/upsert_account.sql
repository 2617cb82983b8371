insert into routing.accounts (account, rep_id, since) values (%(account)s, %(rep_id)s, %(now)s)
on conflict (account) do update
    set rep_id = excluded.rep_id, since = excluded.since
    where accounts.rep_id <> excluded.rep_id
